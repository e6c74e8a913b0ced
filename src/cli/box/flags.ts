/** The flags that `run` and `create` share, and how they map to the engine's options. */
import type { BoxOptions, RootfsSpec } from '../../engine/spec/options.js';
import { SecurityOptions } from '../../engine/spec/security.js';
import { BoxliteError } from '../../errors.js';
import { absolutePath } from '../../host/host-path.js';
import { readEnvironment, readLabels } from '../flags/key-values.js';
import { readMounts } from '../flags/mounts.js';
import { oneOf, wholeNumber } from '../flags/number.js';
import { platformFlag, readPlatformFlag } from '../flags/platform.js';
import { parseSecurityOpt, SECURITY_OPTS } from '../flags/security-opt.js';
import { ACCEPTED_FLAGS, warnOfDiscarded } from '../parse/accepted-flags.js';
import { flag, list, type OptionValues, under, value } from '../parse/command.js';
import { checkContentTrust, CONTENT_TRUST, REFUSED_FLAGS } from '../parse/refused-flags.js';
import { withoutUndefined } from '../parse/without-undefined.js';
import { type CommandContext, warn } from '../process/context.js';
import { HEALTH_OPTIONS, readHealthcheck } from './health-flags.js';
import { KERNEL_OPTIONS, readKernelOptions } from './kernel-flags.js';
import { LOG_OPTIONS, readLogPolicy } from './log-flags.js';
import {
  NAME_OPTIONS,
  NET_LOG_OPTION,
  NET_POLICY_OPTIONS,
  NET_RATE_OPTIONS,
  NETWORK_OPTIONS,
  OLD_NETWORK_OPTIONS,
  readNames,
} from './network-flags.js';
import { readNetworks } from './networks.js';
import { MACHINE_OPTIONS, readResources } from './resource-flags.js';

const PULL_POLICIES = ['missing', 'always', 'never'] as const;
const SECURITY_PRESETS = ['development', 'standard', 'maximum'] as const;

export const BOX_OPTIONS = {
  ...REFUSED_FLAGS,
  ...ACCEPTED_FLAGS,
  ...under('General', {
    name: value('Name of the box', 'NAME', { emptyIsNone: true }),
    rm: flag('Remove the box when its command has ended'),
    cidfile: value("Write the box's id to a file that does not exist yet", 'FILE', {
      complete: 'file',
      emptyIsNone: true,
    }),
    label: list('Set a label', 'KEY[=VALUE]', { short: 'l' }),
    'label-file': list('Read labels from a file', 'FILE', { complete: 'file' }),
    annotation: list('Keep a note with the box', 'KEY=VALUE'),
  }),
  ...under('Image', {
    pull: value('When to ask the registry: missing (default), always, never', 'WHEN', {
      parse: oneOf(PULL_POLICIES),
      complete: PULL_POLICIES,
    }),
    quiet: flag('Pull without a word', { short: 'q' }),
    platform: platformFlag('Platform of the image, such as linux/arm64'),
    rootfs: value('Directory or OCI layout to run in place of an image', 'PATH', {
      complete: 'file',
    }),
  }),
  ...under('Command and terminal', {
    interactive: flag('Keep stdin open for the command', { short: 'i' }),
    tty: flag('Give the command a terminal', { short: 't' }),
    env: list('Set a variable, or pass on the one of this name', 'KEY[=VALUE]', { short: 'e' }),
    'env-file': list('Read variables from a file', 'FILE', { complete: 'file' }),
    workdir: value('Directory the command starts in, made when missing', 'PATH', {
      short: 'w',
      emptyIsNone: true,
    }),
    user: value('User the command runs as', 'NAME|UID[:GROUP|GID]', {
      short: 'u',
      emptyIsNone: true,
    }),
    'group-add': list("Group besides the user's", 'NAME|GID'),
    entrypoint: value("Replace the image's ENTRYPOINT", 'COMMAND'),
    init: flag('Run an init in the box that forwards signals and reaps processes'),
  }),
  ...MACHINE_OPTIONS,
  ...under('Kernel', KERNEL_OPTIONS),
  ...under('Storage', {
    volume: list(
      'Mount a volume, or a directory or file of the host; OPTS: ro, watch, nocopy',
      '[NAME|HOST:]BOX[:OPTS]',
      { short: 'v', complete: 'mount-source' },
    ),
    mount: list('Mount by TYPE: volume, bind or tmpfs', 'type=TYPE,target=PATH,…'),
    'volumes-from': list('Mount what another box has mounted', 'BOX[:ro]', { complete: 'box' }),
    tmpfs: list('Mount an empty file system in memory', 'PATH[:OPTIONS]'),
    'read-only': flag("Make the box's root file system read-only"),
  }),
  ...under('Network', { ...NETWORK_OPTIONS, ...NET_RATE_OPTIONS }),
  ...under('Name resolution', NAME_OPTIONS),
  ...under('Network policy', { ...NET_POLICY_OPTIONS, ...NET_LOG_OPTION }),
  ...under('Security', {
    security: value('Isolation of the box: development, standard (default), maximum', 'PRESET', {
      parse: oneOf(SECURITY_PRESETS),
      complete: SECURITY_PRESETS,
    }),
    privileged: flag('Give the command every capability, and the kernel as it is'),
    'cap-add': list('Give the command a capability, or ALL', 'CAP'),
    'cap-drop': list('Take a capability from the command, or ALL', 'CAP'),
    'security-opt': list(
      'no-new-privileges, seccomp=unconfined or systempaths=unconfined (/proc and /sys unmasked)',
      'OPTION',
      { parse: parseSecurityOpt, complete: SECURITY_OPTS },
    ),
  }),
  ...under('Lifecycle', {
    restart: value(
      'Start it again when it has ended: no, on-failure[:N], always, unless-stopped',
      'POLICY',
      {
        complete: ['no', 'on-failure', 'always', 'unless-stopped'],
      },
    ),
    timeout: value('Seconds that the command may take; then it is ended', 'SECONDS', {
      parse: wholeNumber(1, 4_294_967),
    }),
    'stop-signal': value('Signal that stops the box', 'SIGNAL', { emptyIsNone: true }),
    'stop-timeout': value('Seconds until a stopping box is killed; -1 waits for ever', 'SECONDS', {
      parse: wholeNumber(-1),
    }),
  }),
  ...under('Logging', LOG_OPTIONS),
  ...under('Healthcheck', HEALTH_OPTIONS),
  ...OLD_NETWORK_OPTIONS,
  ...CONTENT_TRUST,
} as const;

export type BoxFlagValues = OptionValues<typeof BOX_OPTIONS>;

/** Flags override the configuration's defaults; the engine decides whatever neither sets. */
export function readBoxOptions(
  context: CommandContext,
  image: string | undefined,
  command: readonly string[],
  flags: BoxFlagValues,
): BoxOptions {
  const { settings } = context;
  checkContentTrust(flags);
  warnOfDiscarded(context, flags);
  const environment = readEnvironment(flags['env-file'], flags.env, context.environment, (name) =>
    warn(context, `variable ${name} is not set and was left out`),
  );
  const options = {
    rootfs: rootfsOf(image, flags.rootfs),
    command: command.length > 0 ? [...command] : undefined,
    entrypoint: readEntrypoint(flags.entrypoint),
    env: environment,
    labels: readLabels(flags['label-file'], flags.label),
    workingDir: flags.workdir,
    user: flags.user,
    groupAdd: [...flags['group-add']],
    tty: flags.tty,
    stdin: flags.interactive,
    autoRemove: flags.rm,
    init: flags.init,
    readOnlyRoot: flags['read-only'],
    restart: flags.restart,
    timeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1000,
    stopSignal: flags['stop-signal'],
    stopTimeoutSeconds: flags['stop-timeout'],
    ...readResources(flags, settings),
    ...readKernelOptions(flags),
    healthcheck: readHealthcheck(flags),
    log: readLogPolicy(flags, settings),
    ...readNetworks(flags, settings.network),
    ...readPrivileges(flags),
    ...readNames(flags),
    publishAddress: settings.publishAddress,
    annotations: readLabels([], flags.annotation),
    security: readSecurity(flags),
    platform: readPlatformFlag(context, flags.platform),
    ...readMounts(flags.volume, flags.mount, flags.tmpfs, settings.watch === 'on'),
    ...(flags['volumes-from'].length > 0 && { volumesFrom: [...flags['volumes-from']] }),
    idle: false,
  };
  return withoutUndefined(options);
}

function rootfsOf(image: string | undefined, path: string | undefined): RootfsSpec {
  return path === undefined ? { image: image ?? '' } : { path: absolutePath(path) };
}

function readPrivileges(flags: BoxFlagValues) {
  return {
    privileged: flags.privileged,
    capAdd: [...flags['cap-add']],
    capDrop: [...flags['cap-drop']],
  };
}

/** Applies single settings on top of the preset; the last of each wins. */
function readSecurity(flags: BoxFlagValues): BoxOptions['security'] {
  const given = flags['security-opt'];
  if (given.length === 0) return flags.security;
  const asked = given.reduce((before, each) => ({ ...before, ...each }), {});
  if (flags.privileged && asked.seccomp === true)
    throw new BoxliteError('unsupported', 'a privileged box has no filter of system calls', {
      hint: 'leave out seccomp=builtin; or --privileged, and give what is needed by --cap-add',
    });
  return { ...SecurityOptions[flags.security ?? 'standard'](), ...asked };
}

/** Without a value, the flag clears the image's entrypoint, as in Docker. */
function readEntrypoint(given: string | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  return given === '' ? [] : [given];
}
