import { type Position, syntaxError } from './position.js';

/** Parser and evaluation recurse into blocks and parentheses: a deeper template would exhaust the stack. */
const MAX_DEPTH = 200;

/**
 * How deep in blocks and parentheses a template is, of which `else if` is one more.
 * @throws TemplateError at the depth that no template needs
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
