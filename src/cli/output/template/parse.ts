import type { Action, Piece } from './lex.js';
import { Nesting } from './nesting.js';
import type { Block, Node } from './nodes.js';
import { parsePipe } from './parse-pipe.js';
import { syntaxError } from './position.js';
import { TokenReader } from './token-reader.js';

/** @throws TemplateError that names the line and the error */
export function parse(pieces: readonly Piece[]): Node[] {
  return new Parser(pieces).template();
}

class Parser {
  private next = 0;
  private readonly scope: string[] = [];
  private loops = 0;
  private readonly nesting = new Nesting();

  constructor(private readonly pieces: readonly Piece[]) {}

  template(): Node[] {
    const { nodes, stop } = this.list();
    if (stop) throw syntaxError(stop.at, `unexpected {{${stop.tokens[0]?.text ?? ''}}}`);
    return nodes;
  }

  /** Parses nodes up to `else` or `end`, which it returns, or up to the template's end. */
  private list(): { nodes: Node[]; stop?: Action } {
    const nodes: Node[] = [];
    for (;;) {
      const piece = this.pieces[this.next++];
      if (piece === undefined) return { nodes };
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const word = keywordOf(piece);
      if (word === 'else' || word === 'end') return { nodes, stop: piece };
      nodes.push(this.action(piece, word));
    }
  }

  private action(action: Action, word: string): Node {
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        return this.nesting.within(action.at, () => this.block(action, word, 1));
      case 'break':
      case 'continue':
        if (this.loops === 0) throw syntaxError(action.at, `{{${word}}} outside {{range}}`);
        this.reader(action, 1).expectEnd(word);
        return { kind: word };
      case 'define':
      case 'template':
      case 'block':
        throw syntaxError(action.at, `{{${word}}} is not supported`);
      default:
        return { kind: 'print', pipe: parsePipe(this.reader(action, 0), this.scope) };
    }
  }

  /** @param skip number of the action's tokens that are keywords: `if` or `else if` */
  private block(action: Action, kind: Block['kind'], skip: number): Node {
    const mark = this.scope.length;
    const pipe = parsePipe(this.reader(action, skip), this.scope, kind);
    if (kind === 'range') this.loops++;
    const { nodes, stop } = this.list();
    if (kind === 'range') this.loops--;
    const otherwise = stop && keywordOf(stop) === 'else' ? this.otherwise(stop, kind) : [];
    if (stop === undefined) throw syntaxError(action.at, 'unexpected EOF');
    if (keywordOf(stop) === 'end') this.reader(stop, 1).expectEnd('end');
    this.scope.length = mark;
    return { kind, pipe, body: nodes, otherwise };
  }

  /** `else` has its own list and `end`; `else if` is a block that shares the `end`. */
  private otherwise(action: Action, kind: Block['kind']): Node[] {
    const chained = action.tokens[1]?.text;
    if (chained === kind && kind !== 'range')
      return [this.nesting.within(action.at, () => this.block(action, kind, 2))];
    this.reader(action, 1).expectEnd('else');
    const { nodes, stop } = this.list();
    if (stop === undefined) throw syntaxError(action.at, 'unexpected EOF');
    if (keywordOf(stop) === 'else') throw syntaxError(stop.at, 'expected end; found {{else}}');
    return nodes;
  }

  private reader(action: Action, skip: number): TokenReader {
    return new TokenReader(action, skip, this.nesting);
  }
}

function keywordOf(action: Action): string {
  const token = action.tokens[0];
  return token?.kind === 'word' ? token.text : '';
}
