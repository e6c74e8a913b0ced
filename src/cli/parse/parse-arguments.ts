/** Interprets the words of a command line after they are split into options and operands. */
import { BoxliteError } from '../../errors.js';
import { closest } from './closest.js';
import type { CommandDefinition, Option, Options } from './command.js';
import type { SplitWords } from './split-by-commander.js';
import { usageError } from './usage-error.js';

export interface ParsedArguments {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Long names of the options on the command line. */
  readonly given: ReadonlySet<string>;
  readonly help: boolean;
}

/** The part of a command that parsing needs; the program itself (global options, then a verb) has one too. */
export type Grammar = Pick<CommandDefinition, 'name' | 'args' | 'options' | 'passThrough'>;

/**
 * @param argv the words after the command's name
 * @throws BoxliteError `invalid-argument`, in Docker's words and with a hint to the command's help
 */
export async function parseArguments(
  grammar: Grammar,
  argv: readonly string[],
): Promise<ParsedArguments> {
  const { occurrences, operands, unknown } = await splitWords(grammar, argv);

  const help = occurrences.some(({ name }) => name === 'help');
  const unknownOption = unknown[0];
  if (!help && unknownOption !== undefined) throw unknownFlag(grammar, unknownOption);

  const options = valuesOf(grammar, argv, help ? [] : occurrences);
  if (!help) checkCount(grammar, operands.length);
  return { args: operands, options, given: new Set(occurrences.map(({ name }) => name)), help };
}

/** Avoids commander when there are no options: loading and calling it takes longer than all of `ps`. */
async function splitWords(grammar: Grammar, argv: readonly string[]): Promise<SplitWords> {
  const mayBeOptions = grammar.passThrough === true ? argv.slice(0, 1) : argv;
  if (!mayBeOptions.some((word) => word.startsWith('-')))
    return { occurrences: [], operands: argv, unknown: [] };
  const { splitByCommander } = await import('./split-by-commander.js');
  return splitByCommander(grammar, argv);
}

function unknownFlag(grammar: Grammar, text: string): BoxliteError {
  const long = text.split('=')[0] ?? text;
  if (!long.startsWith('--')) {
    const known = new Set(Object.values(grammar.options).map((option) => option.short));
    const letter = Array.from(long.slice(1)).find((short) => !known.has(short)) ?? '';
    return usageError(`unknown shorthand flag: '${letter}' in ${text}`, grammar.name);
  }
  const option = grammar.options[long.slice(2)];
  if (option !== undefined)
    return usageError(
      `invalid argument "${text.slice(long.length + 1)}" for "${flagNames(long.slice(2), option)}" flag: true or false is needed`,
      grammar.name,
    );
  const candidates = Object.entries(grammar.options).filter(([, each]) => each.hidden !== true);
  const meant = closest(
    long.slice(2),
    candidates.map(([name]) => name),
  );
  const hint = meant === undefined ? '' : `Did you mean --${meant}? `;
  return usageError(`unknown flag: ${long}`, grammar.name, hint);
}

function valuesOf(
  grammar: Grammar,
  argv: readonly string[],
  occurrences: readonly { name: string; text: string }[],
): Record<string, unknown> {
  const values = initialValues(grammar.options);
  for (const { name, text } of occurrences) {
    const option = grammar.options[name];
    if (option === undefined) continue;
    const value = withoutSign(argv, option, text);
    const before: unknown = values[name];
    const isNone = option.emptyIsNone === true && value === '';
    if (option.repeatable && isList(before)) {
      if (!isNone) values[name] = [...before, parseValue(grammar, name, option, value)];
    } else values[name] = isNone ? option.initial : parseValue(grammar, name, option, value);
  }
  return values;
}

/** Replaces `Array.isArray`, which would make every item an `any`. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function initialValues(options: Options): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, { initial }]) => [name, initial]));
}

/** Docker reads `-e=K=V` as `-eK=V`; commander takes the `=` as part of the value. */
function withoutSign(argv: readonly string[], { short }: Option<unknown>, text: string): string {
  if (short === undefined || !text.startsWith('=')) return text;
  const attached = argv.some((word) => /^-[^-]/.test(word) && word.endsWith(`${short}${text}`));
  return attached ? text.slice(1) : text;
}

function parseValue(
  grammar: Grammar,
  name: string,
  option: Option<unknown>,
  value: string,
): unknown {
  try {
    return option.parse(value);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    if (error.code === 'unsupported') throw unsupportedFlag(name, option, value, error);
    throw usageError(
      `invalid argument "${value}" for "${flagNames(name, option)}" flag: ${error.message}`,
      grammar.name,
    );
  }
}

/** Explains one of Docker's flags that is known but not supported, or such a value of a flag. */
function unsupportedFlag(
  name: string,
  option: Option<unknown>,
  value: string,
  error: BoxliteError,
): BoxliteError {
  const what = option.hidden === true ? flagNames(name, option) : `--${name} ${value}`;
  return new BoxliteError('unsupported', `${what} is not supported`, {
    hint: error.message,
    cause: error,
  });
}

function flagNames(name: string, option: Option<unknown>): string {
  return option.short === undefined ? `--${name}` : `-${option.short}, --${name}`;
}

function checkCount(grammar: Grammar, count: number): void {
  const least = grammar.args.filter((argument) => argument.optional !== true).length;
  const variadic = grammar.args.some((argument) => argument.variadic === true);
  const most = variadic ? Infinity : grammar.args.length;
  if (count >= least && count <= most) return;
  const bound = least === most ? '' : count < least ? 'at least ' : 'at most ';
  const limit = count < least ? least : most;
  const noun = limit === 1 ? 'argument' : 'arguments';
  const message = most === 0 ? 'accepts no arguments' : `requires ${bound}${String(limit)} ${noun}`;
  throw usageError(`'boxlite ${grammar.name}' ${message}`, grammar.name);
}
