/**
 * What the overview and the search for a verb need to know without loading the verb; a test holds it
 * against the definitions.
 */
import type { CommandDefinition, CommandGroup } from '../command.js';

export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly group: CommandGroup;
  readonly summary: string;
  readonly hidden?: boolean;
  readonly load: () => Promise<CommandDefinition>;
}

type Load = CommandEntry['load'];

function entry(
  name: string,
  group: CommandGroup,
  summary: string,
  load: Load,
  aliases: readonly string[] = [],
): CommandEntry {
  return { name, aliases, group, summary, load };
}

/** In the order of the overview: what people use first stands first. */
export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'run',
    'boxes',
    'Create a box from an image and run a command in it',
    async () => (await import('./run.js')).run,
  ),
  entry(
    'exec',
    'boxes',
    'Run a command in a running box',
    async () => (await import('./exec.js')).exec,
  ),
  entry('ps', 'boxes', 'List boxes', async () => (await import('./ps.js')).ps, ['list', 'ls']),
  entry(
    'logs',
    'boxes',
    'Show what the command of a box has written',
    async () => (await import('./logs.js')).logs,
  ),
  entry('stop', 'boxes', 'Stop boxes', async () => (await import('./stop.js')).stop),
  entry('rm', 'boxes', 'Remove boxes', async () => (await import('./rm.js')).rm),
  entry(
    'create',
    'boxes',
    'Create a box without starting it',
    async () => (await import('./create.js')).create,
  ),
  entry('start', 'boxes', 'Start boxes', async () => (await import('./start.js')).start),
  entry(
    'kill',
    'boxes',
    'Send a signal to the command of boxes',
    async () => (await import('./kill.js')).kill,
  ),
  entry(
    'wait',
    'boxes',
    'Wait until boxes have ended, and print their exit codes',
    async () => (await import('./wait.js')).wait,
  ),
  entry(
    'inspect',
    'boxes',
    'Show all that is known about boxes and images, as JSON',
    async () => (await import('./inspect.js')).inspect,
  ),

  entry('images', 'images', 'List images', async () => (await import('./images.js')).images, [
    'image ls',
    'image list',
  ]),
  entry(
    'pull',
    'images',
    'Download an image from a registry',
    async () => (await import('./pull.js')).pull,
    ['image pull'],
  ),
  entry(
    'load',
    'images',
    'Load images from an archive or an OCI layout',
    async () => (await import('./load.js')).load,
    ['image load'],
  ),
  entry(
    'import',
    'images',
    'Make an image from a root file system in a tar archive',
    async () => (await import('./import.js')).importImage,
    ['image import'],
  ),
  entry(
    'image inspect',
    'images',
    'Show all that is known about images, as JSON',
    async () => (await import('./image-inspect.js')).imageInspect,
  ),

  entry(
    'setup',
    'system',
    'Prepare this machine: kernel, built-in image, first template',
    async () => (await import('./setup.js')).setup,
  ),
  entry(
    'info',
    'system',
    'Show how BoxLite works on this machine',
    async () => (await import('./info.js')).info,
  ),
  entry(
    'version',
    'system',
    'Show the version',
    async () => (await import('./version.js')).version,
  ),
  {
    ...entry(
      '__on-exit',
      'system',
      'Fold in the end of a box',
      async () => (await import('./on-exit.js')).onExit,
    ),
    hidden: true,
  },
];

/** The command that the words begin with, by name or alias; two words before one. */
export function findCommand(
  words: readonly string[],
): { entry: CommandEntry; rest: readonly string[] } | undefined {
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(' ');
    const found = COMMANDS.find((each) => each.name === name || each.aliases.includes(name));
    if (found !== undefined && words.length >= count)
      return { entry: found, rest: words.slice(count) };
  }
  return undefined;
}
