import type { CommandEntry } from './index.js';

/** Docker's words for the group; ours besides. */
const BOX_GROUPS = new Set(['container', 'box']);

/** Verbs that stand for boxes and something else alone have a long form of their own. */
const NOT_OF_BOXES = new Set(['inspect']);

/** `container ls` is `ls`, and so on for every verb about boxes. */
export function longForm(
  words: readonly string[],
  commands: readonly CommandEntry[],
): CommandEntry | undefined {
  const [group = '', verb = ''] = words;
  if (group === 'system' && verb === 'info') return commands.find(({ name }) => name === 'info');
  if (group === 'container' && verb === 'commit')
    return commands.find(({ name }) => name === 'commit');
  if (!BOX_GROUPS.has(group) || verb.includes(' ') || NOT_OF_BOXES.has(verb)) return undefined;
  return commands.find(
    (each) => each.group === 'boxes' && [each.name, ...each.aliases].includes(verb),
  );
}

/** What `boxlite container` alone lists. */
export function longFormMembers(
  group: string,
  commands: readonly CommandEntry[],
): readonly CommandEntry[] {
  if (!BOX_GROUPS.has(group)) return [];
  return commands.flatMap((each) =>
    each.group === 'boxes' && !each.name.includes(' ') && !NOT_OF_BOXES.has(each.name)
      ? [{ ...each, name: `${group} ${each.name}`, aliases: [] }]
      : [],
  );
}
