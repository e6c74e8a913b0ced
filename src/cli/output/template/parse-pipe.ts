import { isFunction } from './functions.js';
import type { Token } from './lex.js';
import type { Command, Operand, Pipe } from './nodes.js';
import { syntaxError } from './position.js';
import type { TokenReader } from './token-reader.js';

/**
 * Parses the rest of an action after its keyword.
 * @param scope names of the visible variables; gains those that are declared
 * @param where the keyword, for messages
 */
export function parsePipe(reader: TokenReader, scope: string[], where = 'command'): Pipe {
  const pipe = parseUntilClose(reader, scope, where);
  reader.expectEnd(where);
  return pipe;
}

/** Parses a pipe up to the action's end or a closing parenthesis, which it does not consume. */
function parseUntilClose(reader: TokenReader, scope: string[], where: string): Pipe {
  const { variables, declares } = parseVariables(reader, scope, where);
  const commands = [parseCommand(reader, scope, where)];
  while (reader.accept('|')) {
    const command = parseCommand(reader, scope, where);
    if (command.head.kind === 'literal')
      throw syntaxError(
        command.head.at,
        `non executable command in pipeline stage ${commands.length + 1}`,
      );
    commands.push(command);
  }
  // Declared only after the value is parsed: `{{$x := $x}}` does not see itself.
  if (declares) scope.push(...variables);
  return { variables, declares, commands };
}

function parseVariables(
  reader: TokenReader,
  scope: readonly string[],
  where: string,
): { variables: string[]; declares: boolean } {
  const variables: string[] = [];
  const isAssignment = (ahead: number) => /^:?=$/.test(reader.peek(ahead)?.text ?? '');
  const isPair =
    where === 'range' && reader.peek(1)?.text === ',' && reader.peek(2)?.kind === 'variable';
  const count = isPair && isAssignment(3) ? 2 : isAssignment(1) ? 1 : 0;
  if (count === 0 || reader.peek()?.kind !== 'variable') return { variables, declares: false };
  for (let i = 0; i < count; i++) {
    variables.push(reader.take()?.text ?? '');
    reader.accept(',');
  }
  const declares = reader.accept(':=');
  if (!declares) {
    for (const name of variables)
      if (!scope.includes(name)) throw syntaxError(reader.at, `undefined variable "${name}"`);
    reader.accept('=');
  }
  return { variables, declares };
}

function parseCommand(reader: TokenReader, scope: string[], where: string): Command {
  const operands: Operand[] = [];
  for (;;) {
    const token = reader.peek();
    if (token === undefined || isMark(token, '|') || isMark(token, ')')) break;
    if (operands.length > 0 && !token.spaced)
      throw syntaxError(token.at, `unexpected ${JSON.stringify(token.text)} in operand`);
    operands.push(parseOperand(reader, scope));
  }
  const [head, ...args] = operands;
  if (head === undefined) throw syntaxError(reader.at, `missing value for ${where}`);
  if (args.length > 0 && head.kind === 'literal')
    throw syntaxError(head.at, `can't give argument to non-function ${head.text}`);
  return { head, args };
}

function parseOperand(reader: TokenReader, scope: string[]): Operand {
  const token = reader.take();
  if (token === undefined) throw syntaxError(reader.at, 'missing operand');
  const { at, text } = token;
  switch (token.kind) {
    case 'string':
    case 'number':
      return { kind: 'literal', value: token.value, at, text };
    case 'word':
      return parseWord(token);
    case 'field':
      return withPath(reader, { kind: 'fields', from: 'dot', path: namesOf(token), at, text });
    case 'variable':
      if (text !== '$' && !scope.includes(text))
        throw syntaxError(at, `undefined variable "${text}"`);
      return withPath(reader, { kind: 'fields', from: { variable: text }, path: [], at, text });
    default:
      if (text !== '(') throw syntaxError(at, `unexpected ${JSON.stringify(text)} in operand`);
      return parseParentheses(reader, scope, token);
  }
}

function parseWord({ at, text }: Token): Operand {
  const constant = CONSTANTS.get(text);
  if (constant !== undefined) return { kind: 'literal', value: constant, at, text };
  if (!isFunction(text)) throw syntaxError(at, `function "${text}" not defined`);
  return { kind: 'function', name: text, at, text };
}

function parseParentheses(reader: TokenReader, scope: string[], open: Token): Operand {
  const pipe = reader.nesting.within(open.at, () =>
    parseUntilClose(reader, scope, 'parenthesized pipeline'),
  );
  if (!reader.accept(')')) throw syntaxError(open.at, 'unclosed left paren');
  const { at } = open;
  return withPath(reader, { kind: 'fields', from: { pipe }, path: [], at, text: '(…)' });
}

/** Consumes the `.Name`s that follow without white space. */
function withPath(reader: TokenReader, operand: Operand & { kind: 'fields' }): Operand {
  for (;;) {
    const token = reader.peek();
    if (token?.kind !== 'field' || token.spaced || token.text === '.') return operand;
    operand.path.push(...namesOf(token));
    operand.text += token.text;
    reader.take();
  }
}

const CONSTANTS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

const namesOf = (token: Token): string[] => (token.text === '.' ? [] : [token.text.slice(1)]);

const isMark = (token: Token, text: string): boolean =>
  token.kind === 'mark' && token.text === text;
