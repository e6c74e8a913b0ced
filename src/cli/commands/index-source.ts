import type { CommandDefinition } from '../parse/command.js';
import { ORDER } from './order.js';

/**
 * Returns the text of index.ts, which src/build/generate.mjs writes. The index lets the overview and the
 * search for a verb work without loading any verb.
 * @param modules the exports of each module in the subfolders, by its path there without its extension
 * @throws when a module is not in the order, is missing, or does not export exactly one command
 */
export function indexSource(
  modules: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): string {
  const unordered = Object.keys(modules).filter((path) => !ORDER.includes(path));
  if (unordered.length > 0) throw new Error(`order.ts lacks ${unordered.join(', ')}`);
  const entries = ORDER.map((path) => entrySource(path, modules[path] ?? {}));
  return `// Written by src/build/generate.mjs from the definitions.
import type { CommandDefinition } from '../parse/command.js';

export type CommandEntry = Pick<CommandDefinition, 'name' | 'group' | 'summary' | 'hidden'> & {
  readonly aliases: readonly string[];
  readonly load: () => Promise<CommandDefinition>;
};

// prettier-ignore
export const COMMANDS: readonly CommandEntry[] = [
${entries.join('')}];
`;
}

function entrySource(path: string, module: Readonly<Record<string, unknown>>): string {
  const commands = Object.entries(module).filter((each): each is [string, CommandDefinition] =>
    isCommand(each[1]),
  );
  const [found] = commands;
  if (found === undefined || commands.length > 1)
    throw new Error(`commands/${path}.ts exports ${commands.length} commands, not one`);
  const [variable, { name, aliases = [], group, summary, hidden }] = found;
  const fields = Object.entries({ name, aliases, group, summary, hidden })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const load = `load: async () => (await import('./${path}.js')).${variable}`;
  return `  { ${[...fields, load].join(', ')} },\n`;
}

function isCommand(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'run' in value && 'summary' in value;
}
