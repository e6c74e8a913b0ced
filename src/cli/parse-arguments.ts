/** The only place that knows commander: it splits argv into options and operands, we give them meaning. */
import { Command, CommanderError, Option as CommanderOption } from 'commander';
import { BoxliteError } from '../errors.js';
import { FLAG_WORDS, type CommandDefinition, type Option, type Options } from './command.js';
import { closest } from './closest.js';
import { spellOutShortFlags } from './short-flags.js';
import { usageError } from './usage-error.js';

export interface ParsedArguments {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Long names of the options that were on the command line. */
  readonly given: ReadonlySet<string>;
  readonly help: boolean;
}

/** What parsing needs of a command; the program itself (global options, then a verb) is one too. */
export type Grammar = Pick<CommandDefinition, 'name' | 'args' | 'options' | 'passThrough'>;

/**
 * @param argv what follows the command's name
 * @throws BoxliteError `invalid-argument`, with Docker's wording and a hint to the command's help
 */
export function parseArguments(grammar: Grammar, argv: readonly string[]): ParsedArguments {
  const occurrences: { name: string; text: string }[] = [];
  const spelled = spellOutShortFlags(grammar.options, argv, grammar.passThrough === true);
  const command = buildParser(grammar, spelled, (name, text) => occurrences.push({ name, text }));
  const { operands, unknown } = splitArguments(command, spelled, grammar.name);

  const help = occurrences.some(({ name }) => name === 'help');
  const unknownOption = unknown[0];
  if (!help && unknownOption !== undefined) throw unknownFlag(grammar, unknownOption);

  const options = valuesOf(grammar, argv, help ? [] : occurrences);
  if (!help) checkCount(grammar, operands.length);
  return { args: operands, options, given: new Set(occurrences.map(({ name }) => name)), help };
}

/** Of the options only those that a word may mean: to make all of them takes commander milliseconds. */
function buildParser(
  grammar: Grammar,
  words: readonly string[],
  found: (name: string, text: string) => void,
): Command {
  const command = new Command();
  command.exitOverride().helpOption(false).helpCommand(false);
  command.configureOutput({ writeErr: () => undefined });
  command.passThroughOptions(grammar.passThrough ?? false);

  const add = (flags: string, name: string, fixedText?: string): void => {
    const option = new CommanderOption(flags);
    command.addOption(option);
    command.on(`option:${option.name()}`, (text?: string) => {
      found(name, fixedText ?? text ?? 'true');
    });
  };
  for (const [name, option] of Object.entries(grammar.options)) {
    if (!words.some((word) => mayMean(word, name, option))) continue;
    const short = option.short === undefined ? '' : `-${option.short}, `;
    if (option.placeholder !== undefined) {
      add(`${short}--${name} <value>`, name);
      continue;
    }
    add(`${short}--${name}`, name, 'true');
    // Commander's flags take no value, Docker's take =true and =false: each spelling is an option.
    for (const word of FLAG_WORDS)
      if (words.includes(`--${name}=${word}`)) add(`--${name}=${word}`, name, word);
  }
  const shortHelp = Object.values(grammar.options).some((option) => option.short === 'h');
  add(shortHelp ? '--help' : '-h, --help', 'help', 'true');
  return command;
}

function mayMean(word: string, name: string, { short }: Option<unknown>): boolean {
  if (word.startsWith('--')) return word.startsWith(`--${name}`);
  return short !== undefined && word.startsWith('-') && word.includes(short);
}

function splitArguments(
  command: Command,
  argv: readonly string[],
  name: string,
): { operands: string[]; unknown: string[] } {
  try {
    return command.parseOptions([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Only the last word can lack its value.
    const last = argv.at(-1) ?? '';
    const flag = last.startsWith('--') ? last : `'${last.slice(-1)}' in ${last}`;
    throw usageError(`flag needs an argument: ${flag}`, name);
  }
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
    const parsed = parseValue(grammar, name, option, withoutSign(argv, option, text));
    const before: unknown = values[name];
    values[name] = option.repeatable && isList(before) ? [...before, parsed] : parsed;
  }
  return values;
}

/** `Array.isArray` would make every item an `any`. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function initialValues(options: Options): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, { initial }]) => [name, initial]));
}

/** `-e=K=V` is `-eK=V` to Docker; commander takes the sign for a part of the value. */
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
    if (error.code === 'unsupported') throw unsupportedFlag(name, option, error);
    throw usageError(
      `invalid argument "${value}" for "${flagNames(name, option)}" flag: ${error.message}`,
      grammar.name,
    );
  }
}

/** One of Docker's flags that is known, and not taken. */
function unsupportedFlag(name: string, option: Option<unknown>, error: BoxliteError): BoxliteError {
  return new BoxliteError('unsupported', `${flagNames(name, option)} is not supported`, {
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
