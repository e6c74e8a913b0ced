/**
 * What the overview and the search for a verb need to know without loading the verb; a test holds it
 * against the definitions.
 */
import type { CommandDefinition, CommandGroup } from '../parse/command.js';
import { longForm } from './long-forms.js';

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
    async () => (await import('./boxes/run.js')).run,
  ),
  entry(
    'exec',
    'boxes',
    'Run a command in a running box',
    async () => (await import('./boxes/exec.js')).exec,
  ),
  entry('ps', 'boxes', 'List boxes', async () => (await import('./reports/ps.js')).ps, [
    'list',
    'ls',
  ]),
  entry(
    'logs',
    'boxes',
    'Show what the command of a box has written',
    async () => (await import('./reports/logs.js')).logs,
  ),
  entry('stop', 'boxes', 'Stop boxes', async () => (await import('./boxes/stop.js')).stop),
  entry('rm', 'boxes', 'Remove boxes', async () => (await import('./boxes/rm.js')).rm),
  entry(
    'create',
    'boxes',
    'Create a box without starting it',
    async () => (await import('./boxes/create.js')).create,
  ),
  entry('start', 'boxes', 'Start boxes', async () => (await import('./boxes/start.js')).start),
  entry(
    'kill',
    'boxes',
    'Send a signal to the command of boxes',
    async () => (await import('./boxes/kill.js')).kill,
  ),
  entry(
    'restart',
    'boxes',
    'Stop boxes and start them again',
    async () => (await import('./boxes/restart.js')).restart,
  ),
  entry(
    'pause',
    'boxes',
    'Hold boxes: their processors stand still until unpause',
    async () => (await import('./boxes/pause.js')).pause,
  ),
  entry(
    'unpause',
    'boxes',
    'Let paused boxes go on',
    async () => (await import('./boxes/unpause.js')).unpause,
  ),
  entry(
    'update',
    'boxes',
    'Change the options of boxes',
    async () => (await import('./boxes/update.js')).update,
  ),
  entry(
    'wait',
    'boxes',
    'Wait until boxes have ended, and print their exit codes',
    async () => (await import('./boxes/wait.js')).wait,
  ),
  entry(
    'attach',
    'boxes',
    'Attach to the command of a running box',
    async () => (await import('./boxes/attach.js')).attach,
  ),
  entry(
    'rename',
    'boxes',
    'Give a box another name',
    async () => (await import('./boxes/rename.js')).rename,
  ),
  entry(
    'diff',
    'boxes',
    "Show what a box has changed of its image's files",
    async () => (await import('./files/diff.js')).diff,
  ),
  entry(
    'port',
    'boxes',
    'List the published ports of a box',
    async () => (await import('./reports/port.js')).port,
  ),
  entry(
    'cp',
    'boxes',
    'Copy files between a box and the host',
    async () => (await import('./files/cp.js')).cp,
  ),
  entry(
    'stats',
    'boxes',
    'Show what boxes use of CPU, memory, network and disk',
    async () => (await import('./reports/stats.js')).stats,
  ),
  entry(
    'top',
    'boxes',
    'List the processes in a box',
    async () => (await import('./reports/top.js')).top,
  ),
  entry(
    'export',
    'boxes',
    'Write the file system of a box to an archive',
    async () => (await import('./files/export.js')).exportBox,
  ),
  entry(
    'inspect',
    'boxes',
    'Show all that is known about boxes and images, as JSON',
    async () => (await import('./reports/inspect.js')).inspect,
  ),
  entry(
    'container inspect',
    'boxes',
    'Show all that is known about boxes, as JSON',
    async () => (await import('./reports/container-inspect.js')).containerInspect,
    ['box inspect'],
  ),
  entry(
    'container prune',
    'boxes',
    'Remove all boxes that do not run',
    async () => (await import('./boxes/container-prune.js')).containerPrune,
    ['box prune', 'prune'],
  ),

  entry(
    'images',
    'images',
    'List images',
    async () => (await import('./images/images.js')).images,
    ['image ls', 'image list'],
  ),
  entry(
    'pull',
    'images',
    'Download an image from a registry',
    async () => (await import('./images/pull.js')).pull,
    ['image pull'],
  ),
  entry(
    'load',
    'images',
    'Load images from an archive or an OCI layout',
    async () => (await import('./images/load.js')).load,
    ['image load'],
  ),
  entry(
    'commit',
    'images',
    'Make an image of what a box has changed',
    async () => (await import('./files/commit.js')).commit,
  ),
  entry(
    'import',
    'images',
    'Make an image from a root file system in a tar archive',
    async () => (await import('./images/import.js')).importImage,
    ['image import'],
  ),
  entry(
    'save',
    'images',
    'Write images to an archive',
    async () => (await import('./images/save.js')).save,
    ['image save'],
  ),
  entry(
    'tag',
    'images',
    'Give an image another name',
    async () => (await import('./images/tag.js')).tag,
    ['image tag'],
  ),
  entry('rmi', 'images', 'Remove images', async () => (await import('./images/rmi.js')).rmi, [
    'image rm',
    'image remove',
  ]),
  entry(
    'history',
    'images',
    'Show how an image was made',
    async () => (await import('./images/history.js')).history,
    ['image history'],
  ),
  entry(
    'image prune',
    'images',
    'Remove images that nothing uses',
    async () => (await import('./images/image-prune.js')).imagePrune,
  ),
  entry(
    'image inspect',
    'images',
    'Show all that is known about images, as JSON',
    async () => (await import('./images/image-inspect.js')).imageInspect,
  ),
  entry(
    'login',
    'images',
    'Log in to a registry',
    async () => (await import('./images/login.js')).login,
  ),
  entry(
    'logout',
    'images',
    'Log out of a registry',
    async () => (await import('./images/logout.js')).logout,
  ),

  entry(
    'setup',
    'system',
    'Prepare this machine: kernel, built-in image, first template',
    async () => (await import('./system/setup.js')).setup,
  ),
  entry(
    'doctor',
    'system',
    'Find out whether boxes run on this machine, and what to do if not',
    async () => (await import('./system/doctor.js')).doctor,
  ),
  entry(
    'info',
    'system',
    'Show how BoxLite works on this machine',
    async () => (await import('./system/info.js')).info,
  ),
  entry(
    'version',
    'system',
    'Show the version',
    async () => (await import('./system/version.js')).version,
  ),
  entry(
    'events',
    'system',
    'Show what happens to boxes and images, as it happens',
    async () => (await import('./reports/events.js')).events,
    ['system events'],
  ),
  entry(
    'system start',
    'system',
    'Start the boxes whose restart policy says so, as after a restart of the host',
    async () => (await import('./system/system-start.js')).systemStart,
  ),
  entry(
    'system df',
    'system',
    'Show what images and boxes take of the disk',
    async () => (await import('./system/system-df.js')).systemDf,
  ),
  entry(
    'system prune',
    'system',
    'Remove all boxes that do not run, and images that nothing uses',
    async () => (await import('./system/system-prune.js')).systemPrune,
  ),
  entry(
    'config',
    'system',
    'Show the settings in force, and where each comes from',
    async () => (await import('./system/config.js')).config,
  ),
  entry(
    'config get',
    'system',
    'Show one setting, as it is in force',
    async () => (await import('./system/config-get.js')).configGet,
  ),
  entry(
    'config set',
    'system',
    'Write a setting to the configuration file',
    async () => (await import('./system/config-set.js')).configSet,
  ),
  entry(
    'config unset',
    'system',
    'Take settings out of the configuration file',
    async () => (await import('./system/config-unset.js')).configUnset,
  ),
  entry(
    'config path',
    'system',
    'Show where the configuration file is, or would be',
    async () => (await import('./system/config-path.js')).configPath,
  ),
  entry(
    'completion',
    'system',
    'Print what makes a shell complete boxlite command lines',
    async () => (await import('./system/completion.js')).completion,
  ),
  {
    ...entry(
      '__on-exit',
      'system',
      'Fold in the end of a box',
      async () => (await import('./boxes/on-exit.js')).onExit,
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
    const long = count === 2 ? longForm(words, COMMANDS) : undefined;
    if (long !== undefined) return { entry: long, rest: words.slice(2) };
  }
  return undefined;
}
