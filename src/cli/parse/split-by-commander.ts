/** The only module that knows commander: it splits the words of a command line into options and operands. */
import { Command, CommanderError, Option as CommanderOption } from 'commander';
import { FLAG_WORDS, type Option } from './command.js';
import type { Grammar } from './parse-arguments.js';
import { spellOutShortFlags } from './short-flags.js';
import { usageError } from './usage-error.js';

export interface SplitWords {
  /** Options by their long names, in the order of the words; a flag's text is `true` or the given value. */
  readonly occurrences: readonly { name: string; text: string }[];
  readonly operands: readonly string[];
  /** The words from the first option that the command does not have. */
  readonly unknown: readonly string[];
}

/** @throws BoxliteError `invalid-argument` for an option that lacks its value */
export function splitByCommander(grammar: Grammar, argv: readonly string[]): SplitWords {
  const occurrences: { name: string; text: string }[] = [];
  const spelled = spellOutShortFlags(grammar.options, argv, grammar.passThrough === true);
  const command = buildParser(grammar, spelled, (name, text) => occurrences.push({ name, text }));
  return { occurrences, ...parseOptions(command, spelled, grammar.name) };
}

/** Creates only the options that a word may mean: creating all of them takes commander milliseconds. */
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
    // Commander's flags take no value, but Docker's take =true and =false: each spelling becomes an option.
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

function parseOptions(
  command: Command,
  argv: readonly string[],
  name: string,
): Pick<SplitWords, 'operands' | 'unknown'> {
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
