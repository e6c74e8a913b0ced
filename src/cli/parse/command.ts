/**
 * A command is data. Parsing, help, completions and man pages walk these objects; only `run` acts. It returns
 * the exit status, or nothing for 0.
 */
import type { CommandContext } from '../process/context.js';

export type CommandGroup = 'boxes' | 'images' | 'networks' | 'volumes' | 'system';

/**
 * What a shell may offer for an argument or a value. By default, the placeholder decides: a SIGNAL is a
 * signal, a BOX a box; see completion/offers.ts.
 */
export type Completion =
  | 'box'
  | 'running-box'
  | 'image'
  /** A box, an image or a volume. */
  | 'object'
  /** One that was created. */
  | 'network'
  | 'volume'
  /** `VOLUME:` or a host file. */
  | 'mount-source'
  /** One of these, or another value of `--network`. */
  | 'box-network'
  | 'file'
  | 'directory'
  | 'signal'
  /** `BOX:PATH` or a host file. */
  | 'box-path'
  | readonly string[]
  | KeyCompletion
  | FirstCompletion;

/** `KEY=VALUE`: the keys, and the possible values of each; undefined = anything. */
export interface KeyCompletion {
  readonly keys: Readonly<Record<string, Completion | undefined>>;
}

/** Depends on the first argument. */
export interface FirstCompletion {
  readonly byFirst: Readonly<Record<string, Completion | undefined>>;
}

export interface Argument {
  /** As the usage line shows it: `IMAGE`. */
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  /** Takes all remaining words; allowed only for the last argument. */
  readonly variadic?: boolean;
  readonly complete?: Completion;
}

export interface Example {
  readonly command: string;
  readonly what: string;
}

export interface OptionDetails {
  readonly short?: string;
  readonly summary: string;
  readonly hidden?: boolean;
  readonly complete?: Completion;
  /** An empty value counts as none, so a script's `--name "$NAME"` may be empty (Docker's rule). */
  readonly emptyIsNone?: boolean;
  /** Heading in help and manual; undefined = listed with the others that have none. */
  readonly heading?: string;
}

/** `--name` with or without a value; the key under which it is defined is its long name. */
export interface Option<T> extends OptionDetails {
  /** Placeholder of the value in help; undefined = a flag, which takes only `=true` and `=false`. */
  readonly placeholder: string | undefined;
  /** Each further value is added; otherwise the last one wins. */
  readonly repeatable: boolean;
  /** Throws a BoxliteError whose message says what is wrong with the text. */
  readonly parse: (text: string) => unknown;
  /** The option's value when it is not given. */
  readonly initial: T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

export interface CommandDefinition<O extends Options = Options> {
  /** `run`, or a name with its group: `image ls`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: CommandGroup;
  readonly summary: string;
  readonly description?: string;
  readonly args: readonly Argument[];
  readonly options: O;
  readonly examples: readonly Example[];
  readonly hidden?: boolean;
  /** Options end at the first argument; the rest belongs to the command in the box. */
  readonly passThrough?: boolean;
  /** Exit status when BoxLite itself fails; 1 by default (Docker's 125 for verbs that run a command). */
  readonly failureStatus?: 125;
  readonly run: (
    context: CommandContext,
    args: readonly string[],
    options: OptionValues<O>,
  ) => Promise<number | undefined>;
}

/** Keeps the options' types for `run`, then erases them, so that all commands have the same type. */
export function defineCommand<const O extends Options>(
  definition: CommandDefinition<O>,
): CommandDefinition {
  return definition as unknown as CommandDefinition;
}

/** `--name`, off unless given; `initial: true` makes a flag that `--name=false` turns off. */
export function flag(
  summary: string,
  details: Omit<OptionDetails, 'summary'> & { initial?: boolean } = {},
): Option<boolean> {
  const { initial = false, ...rest } = details;
  return { ...rest, summary, placeholder: undefined, repeatable: false, parse: parseFlag, initial };
}

type ValueDetails = Omit<OptionDetails, 'summary'>;

/** `--name VALUE`; the last one wins. */
export function value(
  summary: string,
  placeholder: string,
  details?: ValueDetails,
): Option<string | undefined>;
export function value<T>(
  summary: string,
  placeholder: string,
  details: ValueDetails & { parse: (text: string) => T },
): Option<T | undefined>;
export function value(
  summary: string,
  placeholder: string,
  details: ValueDetails & { parse?: (text: string) => unknown } = {},
): Option<unknown> {
  const { parse = asText, ...rest } = details;
  return { ...rest, summary, placeholder, repeatable: false, parse, initial: undefined };
}

/** `--name VALUE`, any number of times. */
export function list(
  summary: string,
  placeholder: string,
  details?: ValueDetails,
): Option<readonly string[]>;
export function list<T>(
  summary: string,
  placeholder: string,
  details: ValueDetails & { parse: (text: string) => T },
): Option<readonly T[]>;
export function list(
  summary: string,
  placeholder: string,
  details: ValueDetails & { parse?: (text: string) => unknown } = {},
): Option<readonly unknown[]> {
  const { parse = asText, ...rest } = details;
  return { ...rest, summary, placeholder, repeatable: true, parse, initial: [] };
}

/** Puts options under a heading; headings appear in the order in which a command names them. */
export function under<const O extends Options>(heading: string, options: O): O {
  const entries = Object.entries(options).map(([name, option]) => [name, { ...option, heading }]);
  return Object.fromEntries(entries) as O;
}

export const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'T', 'TRUE', 'True']);
export const FLAG_WORDS: readonly string[] = [
  ...TRUE_WORDS,
  ...['0', 'f', 'false', 'F', 'FALSE', 'False'],
];

function parseFlag(text: string): boolean {
  return TRUE_WORDS.has(text);
}

function asText(text: string): string {
  return text;
}
