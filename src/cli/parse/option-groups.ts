import type { Option, Options } from './command.js';

export interface OptionGroup {
  /** Undefined for the options without a heading. */
  readonly heading: string | undefined;
  /** Sorted by name; at least one. */
  readonly options: readonly (readonly [name: string, option: Option<unknown>])[];
}

/** Returns the options that help and manual show: those that are not hidden, under their headings. */
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
