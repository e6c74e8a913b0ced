import type { CommandEntry } from './index.js';

/** Docker's word for the group, and ours. */
const BOX_GROUPS = new Set(['container', 'box']);

/** Verbs that also apply to something other than boxes have their own long form. */
const NOT_OF_BOXES = new Set(['inspect']);

/** Docker's long forms of verbs that BoxLite lists under another heading. */
const ELSEWHERE: Readonly<Record<string, string>> = { container: 'commit', system: 'info' };

/** Maps `container ls` to `ls`, and so on for every verb about boxes. */
export function longForm(
  words: readonly string[],
  commands: readonly CommandEntry[],
): CommandEntry | undefined {
  const [group = '', verb = ''] = words;
  return membersOf(group, commands).find((each) => [each.name, ...each.aliases].includes(verb));
}

/** The verbs that `boxlite container` alone lists, and that the shells offer after it. */
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
