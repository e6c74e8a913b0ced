/**
 * A command is data. Parsing, help, completions and man pages are walked from these objects; only
 * `run` acts. It returns the exit status, or nothing for 0.
 */
import type { CommandContext } from './context.js';

export type CommandGroup = 'boxes' | 'images' | 'system';

/** What a shell may offer for an argument or a value. */
export type Completion = 'box' | 'running-box' | 'image' | 'file' | readonly string[];

export interface Argument {
  /** As the usage line shows it: `IMAGE`. */
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  /** Takes all that are left; only the last argument may. */
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
}

/** `--name` with or without a value; its long name is the key it is defined under. */
export interface Option<T> extends OptionDetails {
  /** Placeholder of the value in help; undefined = a flag, which takes none but `=true`, `=false`. */
  readonly placeholder: string | undefined;
  /** Given once more, the value is added; otherwise the last one counts. */
  readonly repeatable: boolean;
  /** Throws a BoxliteError whose message says what is wrong with the text. */
  readonly parse: (text: string) => unknown;
  /** What the option is when it is not given. */
  readonly initial: T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

export interface CommandDefinition<O extends Options = Options> {
  /** `run`, or with its group's word in front: `image ls`. */
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
  /** Exit status when BoxLite itself fails; 1 unless given (Docker's 125 for what runs a command). */
  readonly failureStatus?: 125;
  readonly run: (
    context: CommandContext,
    args: readonly string[],
    options: OptionValues<O>,
  ) => Promise<number | undefined>;
}

/** Keeps the types of the options for `run`, then forgets them, so that all commands are of one type. */
export function defineCommand<const O extends Options>(
  definition: CommandDefinition<O>,
): CommandDefinition {
  return definition as unknown as CommandDefinition;
}

/** `--name`, off unless given; `initial: true` makes one that is turned off by `--name=false`. */
export function flag(
  summary: string,
  details: Omit<OptionDetails, 'summary'> & { initial?: boolean } = {},
): Option<boolean> {
  const { initial = false, ...rest } = details;
  return { ...rest, summary, placeholder: undefined, repeatable: false, parse: parseFlag, initial };
}

type ValueDetails = Omit<OptionDetails, 'summary'>;

/** `--name VALUE`; the last one counts. */
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
  details: ValueDetails = {},
): Option<readonly string[]> {
  return { ...details, summary, placeholder, repeatable: true, parse: asText, initial: [] };
}

const TRUE_WORDS = new Set(['1', 't', 'true', 'T', 'TRUE', 'True']);
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
