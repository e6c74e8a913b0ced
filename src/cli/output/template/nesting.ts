import { type Position, syntaxError } from './position.js';

/** The parser and the evaluator recurse into blocks and parentheses: deeper ones would exhaust the stack. */
const MAX_DEPTH = 200;

/**
 * Counts how deep a template nests blocks and parentheses; each `else if` adds a level.
 * @throws TemplateError at a depth that no template needs
 */
export class Nesting {
  private depth = 0;

  within<T>(at: Position, parse: () => T): T {
    if (this.depth === MAX_DEPTH)
      throw syntaxError(at, `blocks and parentheses are nested more than ${MAX_DEPTH} deep`);
    this.depth++;
    const parsed = parse();
    this.depth--;
    return parsed;
  }
}
