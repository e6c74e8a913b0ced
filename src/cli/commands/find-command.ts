import { type CommandEntry, COMMANDS } from './index.js';
import { longForm } from './long-forms.js';

/**
 * Finds the command that the words begin with, by name or alias; a two-word name wins over a one-word name.
 */
export function findCommand(
  words: readonly string[],
): { entry: CommandEntry; rest: readonly string[] } | undefined {
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(' ');
    const found = COMMANDS.find((each) => each.name === name || each.aliases.includes(name));
    if (found !== undefined && words.length >= count)
      return { entry: found, rest: words.slice(count) };
    const long = count === 2 ? longForm(words, COMMANDS) : undefined;
    if (long !== undefined) return { entry: long, rest: words.slice(2) };
  }
  return undefined;
}
