/**
 * Finds what a shell may offer at the cursor by walking the commands' definitions. All shells get the same
 * answer: their scripts (scripts.ts) only ask for it and show it.
 */
import { findCommand } from '../commands/find-command.js';
import { COMMANDS } from '../commands/index.js';
import { longFormMembers } from '../commands/long-forms.js';
import { GLOBAL_OPTIONS } from '../config/settings.js';
import type { Environment } from '../flags/key-values.js';
import type { Argument, Completion, Option, Options } from '../parse/command.js';
import { flag } from '../parse/command.js';
import { type Names, type Offer, offersFor } from './offers.js';

export interface Answer {
  readonly offers: readonly Offer[];
  /** The shell adds host paths that begin with the typed text. */
  readonly paths?: 'file' | 'directory';
  /** The part of the word before the offers and paths: `--format=`. */
  readonly prefix: string;
}

export interface Question {
  /** The words between `boxlite` and the word at the cursor. */
  readonly words: readonly string[];
  /** The word at the cursor, up to the cursor; may be empty. */
  readonly word: string;
  readonly environment: Environment;
}

/** Finds the names of boxes and images in a home; called only where a name can stand. */
export type FindNames = (home: string | undefined) => Promise<Names>;

const HELP = flag('Show help');
const NOTHING: Answer = { offers: [], prefix: '' };

export async function complete(
  { words, word, environment }: Question,
  findNames: FindNames,
): Promise<Answer> {
  const line = await readLine(words, environment);
  const names = (): Promise<Names> => findNames(line.home);

  if (line.awaitsValueOf !== undefined) return offerValue(line.awaitsValueOf, word, '', names);
  if (!line.optionsEnded && word.startsWith('-')) {
    const [, name, text] = /^--([^=]+)=(.*)$/s.exec(word) ?? [];
    const option = name === undefined ? undefined : line.options[name];
    if (name !== undefined && option !== undefined)
      return offerValue(option, text ?? '', `--${name}=`, names);
    return begin(offerFlags(line, word), word);
  }
  if (line.command === undefined) return begin(offerVerbs(line.group), word);
  const argument = argumentAt(line.args, line.operands);
  // `config` is a verb, and so is `config get`.
  if (line.group !== '' && line.operands === 0) return begin(offerVerbs(line.group), word);
  if (argument === undefined) return NOTHING;
  const completion = resolveFirst(argument.complete, line) ?? byName(argument.name);
  const offered = await offersFor(completion, word, names);
  // Do not offer a box again that the line already names.
  const given = new Set(argument.variadic === true ? line.operandWords : []);
  return { prefix: '', ...offered, offers: offered.offers.filter(({ text }) => !given.has(text)) };
}

interface Line {
  options: Options;
  args: readonly Argument[];
  command: string | undefined;
  /** A group such as `image`, which its own verbs may follow. */
  group: string;
  operands: number;
  operandWords: string[];
  optionsEnded: boolean;
  awaitsValueOf: Option<unknown> | undefined;
  /** Long names of the options before the cursor. */
  given: Set<string>;
  home: string | undefined;
}

/** Reads the words before the cursor as the parser would, but tolerates errors. */
async function readLine(words: readonly string[], environment: Environment): Promise<Line> {
  const line: Line = {
    options: { ...GLOBAL_OPTIONS, version: flag('Print the version', { short: 'v' }), help: HELP },
    args: [],
    command: undefined,
    group: '',
    operands: 0,
    operandWords: [],
    optionsEnded: false,
    awaitsValueOf: undefined,
    given: new Set(),
    home: environment.BOXLITE_HOME === '' ? undefined : environment.BOXLITE_HOME,
  };
  let passThrough = false;
  let verb: readonly string[] = [];
  for (const word of words) {
    if (line.awaitsValueOf !== undefined) {
      if (line.awaitsValueOf === GLOBAL_OPTIONS.home) line.home = word;
      line.awaitsValueOf = undefined;
    } else if (!line.optionsEnded && word === '--') line.optionsEnded = true;
    else if (!line.optionsEnded && word.startsWith('--')) readLong(line, word.slice(2));
    else if (!line.optionsEnded && /^-./.test(word)) readShort(line, word.slice(1));
    else if (word === 'help' && verb.length === 0) continue;
    else {
      const longer = [...verb, word];
      const found = line.operands === 0 ? findCommand(longer) : undefined;
      if (found?.rest.length === 0) {
        verb = longer;
        const command = await found.entry.load();
        line.command = command.name;
        line.args = command.args;
        line.options = { ...GLOBAL_OPTIONS, help: HELP, ...command.options };
        passThrough = command.passThrough ?? false;
        line.group = isGroup(word) ? word : '';
      } else if (line.command === undefined) {
        verb = longer;
        if (isGroup(word) && line.group === '') line.group = word;
        else line.command = '';
      } else {
        line.operands++;
        line.operandWords.push(word);
        line.optionsEnded ||= passThrough;
      }
    }
  }
  return line;
}

function isGroup(word: string): boolean {
  if (longFormMembers(word, COMMANDS).length > 0) return true;
  return COMMANDS.some(({ name, aliases }) =>
    [name, ...aliases].some((each) => each.startsWith(`${word} `)),
  );
}

function readLong(line: Line, text: string): void {
  const [name = '', ...value] = text.split('=');
  line.given.add(name);
  const option = line.options[name];
  if (name === 'home' && value.length > 0) line.home = value.join('=');
  if (option?.placeholder !== undefined && value.length === 0) line.awaitsValueOf = option;
}

/** `-it`, `-n5`, `-eK=V`, `-f` and its value in the next word. */
function readShort(line: Line, letters: string): void {
  for (const [index, letter] of Array.from(letters).entries()) {
    const [name, option] =
      Object.entries(line.options).find(([, { short }]) => short === letter) ?? [];
    if (name === undefined || option === undefined) return;
    line.given.add(name);
    if (option.placeholder === undefined) continue;
    if (index === Array.from(letters).length - 1) line.awaitsValueOf = option;
    return;
  }
}

function argumentAt(args: readonly Argument[], index: number): Argument | undefined {
  const last = args.at(-1);
  return args[index] ?? (last?.variadic === true ? last : undefined);
}

function resolveFirst(completion: Completion | undefined, { operandWords }: Line) {
  if (typeof completion !== 'object' || !('byFirst' in completion)) return completion;
  const [first = ''] = operandWords;
  return Object.hasOwn(completion.byFirst, first) ? completion.byFirst[first] : undefined;
}

async function offerValue(
  option: Option<unknown>,
  text: string,
  prefix: string,
  names: () => Promise<Names>,
): Promise<Answer> {
  if (option.placeholder === undefined)
    return begin([{ text: 'true' }, { text: 'false' }], text, prefix);
  const offered = await offersFor(option.complete ?? byName(option.placeholder), text, names);
  return { prefix, ...offered };
}

/** The meaning of a placeholder when the definition does not give one. */
function byName(name: string): Completion | undefined {
  const known: Readonly<Record<string, Completion>> = {
    BOX: 'box',
    IMAGE: 'image',
    NETWORK: 'network',
    VOLUME: 'volume',
    SIGNAL: 'signal',
    FILE: 'file',
    FORMAT: ['json'],
  };
  return Object.hasOwn(known, name) ? known[name] : undefined;
}

function offerFlags({ options, given }: Line, word: string): Offer[] {
  return Object.entries(options)
    .filter(([name, each]) => each.hidden !== true && (each.repeatable || !given.has(name)))
    .flatMap(([name, { short, summary }]): Offer[] => [
      { text: `--${name}`, about: summary },
      ...(short !== undefined && word === `-${short}` ? [{ text: word, about: summary }] : []),
    ]);
}

function offerVerbs(group: string): Offer[] {
  const prefix = group === '' ? '' : `${group} `;
  const offers = new Map<string, string>();
  const members = group === '' ? [] : longFormMembers(group, COMMANDS);
  for (const { name, aliases, summary, hidden } of [...members, ...COMMANDS]) {
    if (hidden === true) continue;
    for (const each of [name, ...aliases]) {
      if (!each.startsWith(prefix)) continue;
      const [first = '', ...rest] = each.slice(prefix.length).split(' ');
      if (!offers.has(first))
        offers.set(first, rest.length === 0 ? summary : `Commands for ${first}s`);
    }
  }
  if (group === '') offers.set('help', 'Show help for a command');
  return [...offers].map(([text, about]) => ({ text, about }));
}

function begin(offers: readonly Offer[], word: string, prefix = ''): Answer {
  return { offers: offers.filter(({ text }) => text.startsWith(word)), prefix };
}
