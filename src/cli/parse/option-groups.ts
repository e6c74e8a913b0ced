import type { Option, Options } from './command.js';

export interface OptionGroup {
  /** Undefined for the options that stand under none. */
  readonly heading: string | undefined;
  /** By their names, in the alphabet's order; at least one. */
  readonly options: readonly (readonly [name: string, option: Option<unknown>])[];
}

/** What help and manual show: the options that are not hidden, under their headings. */
export function optionGroups(options: Options): OptionGroup[] {
  const groups = new Map<string | undefined, [string, Option<unknown>][]>();
  for (const [name, option] of Object.entries(options)) {
    if (option.hidden === true) continue;
    const group = groups.get(option.heading) ?? [];
    groups.set(option.heading, [...group, [name, option]]);
  }
  return [...groups].map(([heading, members]) => ({
    heading,
    options: members.sort(([a], [b]) => (a < b ? -1 : 1)),
  }));
}
