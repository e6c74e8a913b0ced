import type { Action, Token } from './lex.js';
import type { Nesting } from './nesting.js';
import { type Position, syntaxError } from './position.js';

/** Reads the tokens of one action. */
export class TokenReader {
  constructor(
    private readonly action: Action,
    private next: number,
    readonly nesting: Nesting,
  ) {}

  get at(): Position {
    return this.peek()?.at ?? this.action.at;
  }

  peek(ahead = 0): Token | undefined {
    return this.action.tokens[this.next + ahead];
  }

  take(): Token | undefined {
    return this.action.tokens[this.next++];
  }

  /** Consumes the token if it is this mark. */
  accept(mark: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.next++;
    return true;
  }

  expectEnd(where: string): void {
    const token = this.peek();
    if (token) throw syntaxError(token.at, `unexpected ${JSON.stringify(token.text)} in ${where}`);
  }
}
