import type { CommandEntry } from './index.js';

/** Docker's words for the group; ours besides. */
const BOX_GROUPS = new Set(['container', 'box']);

/** Verbs that stand for boxes and something else alone have a long form of their own. */
const NOT_OF_BOXES = new Set(['inspect']);

/** Docker's long forms of verbs that are listed under another heading here. */
const ELSEWHERE: Readonly<Record<string, string>> = { container: 'commit', system: 'info' };

/** `container ls` is `ls`, and so on for every verb about boxes. */
export function longForm(
  words: readonly string[],
  commands: readonly CommandEntry[],
): CommandEntry | undefined {
  const [group = '', verb = ''] = words;
  return membersOf(group, commands).find((each) => [each.name, ...each.aliases].includes(verb));
}

/** What `boxlite container` alone lists, and the shells offer behind it. */
export function longFormMembers(
  group: string,
  commands: readonly CommandEntry[],
): readonly CommandEntry[] {
  return membersOf(group, commands).map((each) => ({
    ...each,
    name: `${group} ${each.name}`,
    aliases: each.aliases.filter(isOneWord).map((alias) => `${group} ${alias}`),
  }));
}

function membersOf(group: string, commands: readonly CommandEntry[]): readonly CommandEntry[] {
  const elsewhere = Object.hasOwn(ELSEWHERE, group) ? ELSEWHERE[group] : undefined;
  return commands.filter(
    ({ name, group: heading }) =>
      isOneWord(name) &&
      (name === elsewhere ||
        (BOX_GROUPS.has(group) && heading === 'boxes' && !NOT_OF_BOXES.has(name))),
  );
}

function isOneWord(name: string): boolean {
  return !name.includes(' ');
}
