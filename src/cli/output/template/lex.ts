import { type Position, syntaxError } from './position.js';
import { unquote } from './quote.js';

/** A template is text between actions; `{{-` and `-}}` have already trimmed the text. */
export type Piece = { kind: 'text'; text: string } | Action;

export interface Action {
  kind: 'action';
  tokens: Token[];
  at: Position;
}

export interface Token {
  /** A field is one `.Name`; the dot alone is a field with an empty name. */
  kind: 'field' | 'variable' | 'word' | 'string' | 'number' | 'mark';
  /** As written. */
  text: string;
  /** The value of a string or a number. */
  value: string | number;
  at: Position;
  /** White space, or the action's beginning, comes before it. */
  spaced: boolean;
}

/** @throws TemplateError for a character that begins no token, and for an unterminated token or action */
export function lex(source: string): Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  let trimNext = false;
  for (;;) {
    const open = source.indexOf('{{', offset);
    const trimThis = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    let text = source.slice(offset, open < 0 ? undefined : open);
    if (trimNext) text = text.trimStart();
    if (trimThis) text = text.trimEnd();
    if (text !== '') pieces.push({ kind: 'text', text });
    if (open < 0) return pieces;

    const action = lexAction(source, open, open + (trimThis ? 3 : 2));
    if (action.tokens !== undefined)
      pieces.push({ kind: 'action', tokens: action.tokens, at: { source, offset: open } });
    offset = action.end;
    trimNext = action.trim;
  }
}

/** Tokens up to `}}`; none for a comment. */
function lexAction(
  source: string,
  open: number,
  begin: number,
): { tokens?: Token[]; end: number; trim: boolean } {
  const comment = /^\s*\/\*[^]*?\*\/(\s-)?\}\}/.exec(source.slice(begin));
  if (comment) return { end: begin + comment[0].length, trim: comment[1] !== undefined };
  const tokens: Token[] = [];
  let offset = begin;
  for (;;) {
    const blank = /^\s*/.exec(source.slice(offset))?.[0].length ?? 0;
    offset += blank;
    const rest = source.slice(offset);
    if (rest.startsWith('}}')) return { tokens, end: offset + 2, trim: false };
    if (blank > 0 && rest.startsWith('-}}')) return { tokens, end: offset + 3, trim: true };
    if (rest === '') throw syntaxError({ source, offset: open }, 'unclosed action');
    const token = lexToken(rest, { source, offset }, blank > 0 || offset === begin);
    tokens.push(token);
    offset += token.text.length;
  }
}

const TOKENS: readonly [Token['kind'], RegExp][] = [
  ['number', /^[+-]?(0[xX][0-9a-fA-F]+|(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?)/],
  ['field', /^\.([\p{L}_][\p{L}\p{Nd}_]*)?/u],
  ['variable', /^\$([\p{L}_][\p{L}\p{Nd}_]*)?/u],
  ['word', /^[\p{L}_][\p{L}\p{Nd}_]*/u],
  ['string', /^("(\\.|[^"\\\n])*"|`[^`]*`|'(\\.|[^'\\\n])+')/u],
  ['mark', /^(:=|[=|(),])/],
];

function lexToken(rest: string, at: Position, spaced: boolean): Token {
  for (const [kind, pattern] of TOKENS) {
    const text = pattern.exec(rest)?.[0];
    if (text === undefined) continue;
    if (kind === 'number') return { kind, text, value: numberValue(rest, text, at), at, spaced };
    if (kind === 'string') return { ...stringValue(text, at), text, at, spaced };
    return { kind, text, value: '', at, spaced };
  }
  if (/^["`']/.test(rest)) throw syntaxError(at, 'unterminated quoted string');
  throw syntaxError(at, `unexpected ${JSON.stringify(Array.from(rest)[0])} in operand`);
}

function numberValue(rest: string, text: string, at: Position): number {
  const value = Number(text.replaceAll('_', ''));
  const whole = /^[+-]?[\p{L}\p{Nd}_.]*/u.exec(rest)?.[0] ?? text;
  if (whole.length > text.length || Number.isNaN(value))
    throw syntaxError(at, `bad number syntax: ${JSON.stringify(whole)}`);
  return value;
}

/** A character in single quotes has its code as its value, as in Go. */
function stringValue(text: string, at: Position): Pick<Token, 'kind' | 'value'> {
  const body = text.slice(1, -1);
  if (text.startsWith('`')) return { kind: 'string', value: body };
  const value = unquote(body);
  if (value === undefined) throw syntaxError(at, `invalid syntax in ${text}`);
  if (text.startsWith('"')) return { kind: 'string', value };
  if (Array.from(value).length !== 1)
    throw syntaxError(at, `malformed character constant: ${text}`);
  return { kind: 'number', value: value.codePointAt(0) ?? 0 };
}
