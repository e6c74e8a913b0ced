/** The flags that set a box's use of its kernel, and how they map to the engine's options. */
import type { BoxOptions, IpcMode } from '../../engine/spec/options.js';
import { BoxliteError } from '../../errors.js';
import { splitPair } from '../flags/key-values.js';
import { flag, list, type OptionValues, value } from '../parse/command.js';

const IPC_MODES: readonly IpcMode[] = ['private', 'shareable', 'none'];

export const KERNEL_OPTIONS = {
  kernel: value("Kernel to boot instead of the home's: a vmlinuz or vmlinux", 'FILE', {
    complete: 'file',
  }),
  modules: value("That kernel's modules: a directory as /lib/modules/VERSION", 'PATH', {
    complete: 'file',
  }),
  nested: flag('Let the box run virtual machines of its own; only with KVM'),
  sysctl: list('Set a parameter of the kernel: net.ipv4.ip_forward=1', 'NAME=VALUE', {
    parse: parseSysctl,
  }),
  device: list('Give the box /dev/fuse, /dev/net/tun, with --nested /dev/kvm', 'DEVICE[:BOX]', {
    complete: ['/dev/fuse', '/dev/net/tun', '/dev/kvm'],
  }),
  'device-cgroup-rule': list(
    "Let the box open other devices of its kernel's, by number: c 10:229 rwm",
    'RULE',
  ),
  ipc: value('private or shareable, which are the same, or none: without /dev/shm', 'MODE', {
    parse: parseIpc,
    complete: IPC_MODES,
    emptyIsNone: true,
  }),
} as const;

export function readKernelOptions(flags: OptionValues<typeof KERNEL_OPTIONS>) {
  return {
    kernel: flags.kernel,
    modules: flags.modules,
    nested: flags.nested,
    ...(flags.sysctl.length > 0 && { sysctls: Object.fromEntries(flags.sysctl) }),
    ...(flags.device.length > 0 && { devices: [...flags.device] }),
    ...(flags['device-cgroup-rule'].length > 0 && {
      deviceRules: [...flags['device-cgroup-rule']],
    }),
    ipc: flags.ipc,
  } satisfies { [K in keyof BoxOptions]?: BoxOptions[K] | undefined };
}

/** Does not check the name: the engine knows which sysctls exist. */
function parseSysctl(text: string): [name: string, value: string] {
  const [name, setting] = splitPair(text);
  if (name !== '' && setting !== '') return [name.trim(), setting.trim()];
  throw new BoxliteError('invalid-argument', 'must be NAME=VALUE');
}

function parseIpc(text: string): IpcMode {
  const found = IPC_MODES.find((mode) => mode === text);
  if (found !== undefined) return found;
  if (text === 'host')
    throw new BoxliteError(
      'unsupported',
      'a box shares no memory with the host: for more of its own, --shm-size 1g',
    );
  if (text.startsWith('container:'))
    throw new BoxliteError('unsupported', 'a box shares no memory with another');
  throw new BoxliteError('invalid-argument', `must be one of ${IPC_MODES.join(', ')}`);
}
