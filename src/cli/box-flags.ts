/** The flags that `run` and `create` share, and what they mean to the engine. */
import type { BoxOptions } from '../engine/options.js';
import { flag, list, value, type OptionValues } from './command.js';
import { warn, type CommandContext } from './context.js';
import { readEnvironment, readLabels } from './flags/key-values.js';
import { oneOf, wholeNumber } from './flags/number.js';
import { parseBytes, parseDiskBytes, parseMemoryMib } from './flags/size.js';

const PULL_POLICIES = ['missing', 'always', 'never'] as const;
const NETWORKS = ['default', 'none'] as const;

export const BOX_OPTIONS = {
  interactive: flag('Keep stdin open for the command', { short: 'i' }),
  tty: flag('Give the command a terminal', { short: 't' }),
  rm: flag('Remove the box when its command has ended'),
  name: value('Name of the box', 'NAME'),
  env: list('Set a variable, or pass on the one of this name', 'KEY[=VALUE]', { short: 'e' }),
  'env-file': list('Read variables from a file', 'FILE', { complete: 'file' }),
  workdir: value('Directory the command starts in, made when missing', 'PATH', { short: 'w' }),
  user: value('User the command runs as', 'NAME|UID[:GROUP|GID]', { short: 'u' }),
  entrypoint: value("Replace the image's ENTRYPOINT", 'COMMAND'),
  hostname: value('Host name of the box', 'NAME', { short: 'h' }),
  label: list('Set a label', 'KEY[=VALUE]', { short: 'l' }),
  'label-file': list('Read labels from a file', 'FILE', { complete: 'file' }),
  cidfile: value("Write the box's id to a file that does not exist yet", 'FILE', {
    complete: 'file',
  }),
  init: flag('Run an init in the box that forwards signals and reaps processes'),
  'read-only': flag("Make the box's root file system read-only"),
  'shm-size': value('Size of /dev/shm (64m)', 'SIZE', { parse: parseBytes }),
  'stop-signal': value('Signal that stops the box', 'SIGNAL'),
  'stop-timeout': value('Seconds until a stopping box is killed; -1 waits for ever', 'SECONDS', {
    parse: wholeNumber(-1),
  }),
  cpus: value('Number of virtual CPUs (default 1)', 'NUMBER', { parse: wholeNumber(1, 64) }),
  memory: value('Memory, such as 2g; a bare number is MiB (default 512m)', 'SIZE', {
    short: 'm',
    parse: parseMemoryMib,
  }),
  'disk-size': value('Size of the writable disk, with its unit (default 10g)', 'SIZE', {
    parse: parseDiskBytes,
  }),
  network: value('default, or none for a box that reaches nothing', 'NETWORK', {
    parse: oneOf(NETWORKS),
    complete: NETWORKS,
  }),
  pull: value('When to ask the registry: missing (default), always, never', 'WHEN', {
    parse: oneOf(PULL_POLICIES),
    complete: PULL_POLICIES,
  }),
  platform: value('Platform of the image, such as linux/arm64', 'OS/ARCH[/VARIANT]'),
  quiet: flag('Pull without a word', { short: 'q' }),
} as const;

export type BoxFlagValues = OptionValues<typeof BOX_OPTIONS>;

/** Flags over the configuration's defaults; what neither says is the engine's to decide. */
export function readBoxOptions(
  context: CommandContext,
  image: string,
  command: readonly string[],
  flags: BoxFlagValues,
): BoxOptions {
  const { settings } = context;
  const environment = readEnvironment(flags['env-file'], flags.env, context.environment, (name) =>
    warn(context, `variable ${name} is not set and was left out`),
  );
  const options = {
    rootfs: { image },
    command: command.length > 0 ? [...command] : undefined,
    entrypoint: readEntrypoint(flags.entrypoint),
    env: environment,
    labels: readLabels(flags['label-file'], flags.label),
    workingDir: flags.workdir,
    user: flags.user,
    hostname: flags.hostname,
    tty: flags.tty,
    stdin: flags.interactive,
    autoRemove: flags.rm,
    init: flags.init,
    readOnlyRoot: flags['read-only'],
    shmBytes: flags['shm-size'],
    stopSignal: flags['stop-signal'],
    stopTimeoutSeconds: flags['stop-timeout'],
    cpus: flags.cpus ?? settings.cpus,
    memoryMib: flags.memory ?? settings.memoryMib,
    diskBytes: flags['disk-size'] ?? settings.diskBytes,
    network: flags.network ?? settings.network,
    platform: flags.platform,
    idle: false,
  };
  return withoutUndefined(options);
}

/** Without its value the flag clears the image's, as Docker's does. */
function readEntrypoint(given: string | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  return given === '' ? [] : [given];
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, each]) => each !== undefined),
  ) as Defined<T>;
}
