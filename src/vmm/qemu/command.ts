import type {
  Launch,
  LaunchPlan,
  MachineFiles,
  MachineSpec,
  PassedFile,
  Share,
  VmmProgram,
} from '../driver.js';
import { CALLS } from './calls.js';
import { DISK_FDS, diskArguments, diskFiles } from './disks.js';
import { readablePaths } from './readable-paths.js';

/** Descriptor numbers as QEMU sees them; constant, because they are part of a template's identity. */
const FD = {
  qmp: 10,
  port: 11,
  console: 12,
  ram: 13,
  state: 14,
  kernel: 15,
  initramfs: 16,
  share: 19,
  stateDirectory: 20,
  kvm: 21,
  net: 22,
  ...DISK_FDS,
} as const;

/**
 * fork and exec, new privileges, obsolete calls and changes of its own limits: our VMM needs none of them.
 */
const SANDBOX = [
  '-sandbox',
  'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
];

/** The path through which QEMU opens a descriptor. */
const descriptorPath = (fd: number): string => `/proc/self/fd/${fd}`;

/**
 * Address to which a machine that becomes a template sends its state: a socket in
 * `MachineFiles.stateDirectory`.
 */
export const STATE_SOCKET = 'state.sock';
export const STATE_URI = `unix:${descriptorPath(FD.stateDirectory)}/${STATE_SOCKET}`;
/** Address from which a restored machine reads its state. */
export const INCOMING_URI = `fd:${FD.state}`;

/**
 * QEMU's command line. Apart from what only a boot needs (kernel) or only a restore (`-incoming`) it
 * is the same for a template and all its boxes: the device layout is fixed, files differ behind the
 * same descriptors.
 */
export function planQemu(
  program: VmmProgram,
  machine: MachineSpec,
  files: MachineFiles,
  launch: Launch,
): LaunchPlan {
  const passed: PassedFile[] = [
    ...diskFiles(files),
    { fd: FD.share, path: files.share, write: false },
  ];
  const keepsRam = launch.kind === 'boot' || launch.keepsRam === true;
  if (files.ram !== undefined) passed.push({ fd: FD.ram, path: files.ram, write: keepsRam });
  if (files.state !== undefined) passed.push({ fd: FD.state, path: files.state, write: false });
  if (files.stateDirectory !== undefined)
    passed.push({ fd: FD.stateDirectory, path: files.stateDirectory, write: false });
  if (launch.kind === 'boot') {
    passed.push({ fd: FD.kernel, path: launch.guest.kernel, write: false });
    passed.push({ fd: FD.initramfs, path: launch.guest.initramfs, write: false });
  }

  const shares = files.shares ?? [];
  const network = launch.network === true;
  const kvm = machine.accelerator === 'kvm';
  if (kvm) passed.push({ fd: FD.kvm, path: '/dev/kvm', write: true });

  const argv = [
    program.path,
    ...machineArguments(machine),
    ...memoryArguments(program, machine, keepsRam, files.ram !== undefined),
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot'],
    ...launchArguments(launch),
    ...portArguments(),
    ...diskArguments(files),
    ...otherDeviceArguments(shares, network),
    ...monitorArguments(),
    ...SANDBOX,
  ];
  return {
    machine,
    argv,
    readable: readablePaths(program.path),
    env: [
      ...['PATH=/usr/bin:/bin', 'LC_ALL=C', `${CALLS_VARIABLE}=${callsOf(machine, files)}`],
      ...(kvm ? [`BOXLITE_KVM_FD=${FD.kvm}`] : []),
    ],
    files: passed,
    qmpFd: FD.qmp,
    portFd: FD.port,
    consoleFd: FD.console,
    shares: { fd: FD.share, entries: shares },
    preload: true,
    ...(network && { netFd: FD.net }),
  };
}

/** The plan unchanged, or without QEMU's seccomp filter and the lock; templates fit both. */
export function sandboxed(plan: LaunchPlan, isOn = true): LaunchPlan {
  if (isOn) return plan;
  return {
    ...plan,
    argv: plan.argv.filter((word) => !SANDBOX.includes(word)),
    env: plan.env.filter((variable) => !variable.startsWith(`${CALLS_VARIABLE}=`)),
  };
}

/** Tells the interposer which calls to leave to the VMM (native/preload/lock.c). */
const CALLS_VARIABLE = 'BOXLITE_CALLS';

function callsOf({ accelerator }: MachineSpec, { shares = [], stateDirectory }: MachineFiles) {
  return (
    (accelerator === 'kvm' ? CALLS.KVM : 0) |
    (shares.length > 0 ? CALLS.SHARES : 0) |
    (stateDirectory === undefined ? 0 : CALLS.SAVING)
  );
}

export function machineArguments(machine: MachineSpec): string[] {
  return [
    // acpi=on: the distributions' kernels find virtio-mmio devices through ACPI only. rtc=on: with KVM a
    // microvm has none, and the kernel searches for it for a second. pic and pit stay on: without them
    // nothing boots under TCG.
    ...['-M', 'microvm,acpi=on,rtc=on,memory-backend=ram0'],
    // A box's code is small, but the default translation buffer is 1 GB.
    ...['-accel', machine.accelerator === 'tcg' ? 'tcg,tb-size=64' : 'kvm'],
    ...['-cpu', processor(machine)],
    ...['-m', String(machine.memoryMib), '-smp', String(machine.cpus)],
  ];
}

/**
 * Nested virtualization exposes code of the host's kernel, or of QEMU, to the guest, and few guests need it.
 * A processor has only one of the two features; turning the other off is harmless. Performance counters are
 * off as well: they reveal what else the processor does.
 */
function processor({ accelerator, nested }: MachineSpec): string {
  // Emulation runs "enhanced" rep movsb byte by byte; without erms the kernel copies and clears 8 bytes at a
  // time.
  if (accelerator === 'tcg') return 'max,erms=off,svm=off';
  return nested === true ? 'host,pmu=off' : 'host,svm=off,vmx=off,pmu=off';
}

/** QEMU 8.2 and newer can map a file privately without opening it for writing. */
function hasRomOption({ version: [major, minor] }: VmmProgram): boolean {
  return major > 8 || (major === 8 && minor >= 2);
}

function memoryArguments(
  program: VmmProgram,
  machine: MachineSpec,
  keepsRam: boolean,
  hasFile: boolean,
): string[] {
  const size = `id=ram0,size=${machine.memoryMib}M`;
  if (!hasFile) return ['-object', `memory-backend-ram,${size}`];
  const file = `memory-backend-file,${size},mem-path=${descriptorPath(FD.ram)}`;
  if (keepsRam) return ['-object', `${file},share=on`];
  // Copy-on-write: boxes share unchanged pages.
  return ['-object', `${file},share=off${hasRomOption(program) ? ',readonly=on,rom=off' : ''}`];
}

function launchArguments(launch: Launch): string[] {
  // A restored machine's kernel is in its memory already; loading the file again would cost 10 ms.
  if (launch.kind === 'restore') return ['-incoming', 'defer'];
  // -S: no guest runs before the monitor is served, and thus none before the VMM's lock closes.
  return [
    ...['-S', '-kernel', descriptorPath(FD.kernel), '-initrd', descriptorPath(FD.initramfs)],
    // reboot=t: a triple fault, with -no-reboot the quickest exit. panic=-1: a panic exits, too.
    ...['-append', kernelCommandLine(launch.guest.tscKhz)],
  ];
}

export function kernelCommandLine(tscKhz: number | undefined): string {
  // nowatchdog: a pause stops the machine unnoticed, and afterwards the watchdog would mistake a busy
  // processor for one that hung all that time.
  const words = ['console=ttyS0', 'panic=-1', 'reboot=t', 'quiet', 'nowatchdog'];
  // Under emulation the counter is the host's own, but ticks come late or not at all. The kernel's watchdog
  // compares the two and would distrust the counter; the guest's time would then stop whenever its processors
  // do.
  if (tscKhz !== undefined) words.push(`tsc_early_khz=${tscKhz}`, 'tsc=reliable');
  return words.join(' ');
}

function portArguments(): string[] {
  return [
    ...['-chardev', `socket,id=console,fd=${FD.console}`, '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial-device'],
    ...['-chardev', `socket,id=port,fd=${FD.port}`],
    ...['-device', 'virtserialport,chardev=port,name=boxlite.control'],
  ];
}

function otherDeviceArguments(shares: readonly Share[], network: boolean): string[] {
  // boxlite-net is the network, at the other end of the stream; `-netdev stream` would cost the main loop
  // more calls for each frame. A hub with one port leads nowhere. Neither adds anything to a template's state.
  const backend = network ? `socket,id=net0,fd=${FD.net}` : 'hubport,id=net0,hubid=0';
  return [
    ...['-netdev', backend, '-device', 'virtio-net-device,netdev=net0'],
    ...['-fsdev', shareBackend(shares)],
    ...['-device', 'virtio-9p-device,fsdev=share,mount_tag=share'],
    ...['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-device,rng=rng0'],
  ];
}

/** With several shares, the host's mounts decide which are writable. */
function shareBackend(shares: readonly Share[]): string {
  const backend = `local,id=share,path=${descriptorPath(FD.share)},security_model=none`;
  if (shares.every(({ readOnly }) => readOnly)) return `${backend},readonly=on${remap(shares)}`;
  return `${backend},readonly=off${remap(shares)}`;
}

/** Shares may be on different file systems, where equal inode numbers do not mean the same file. */
function remap(shares: readonly Share[]): string {
  return shares.length === 0 ? '' : ',multidevs=remap';
}

function monitorArguments(): string[] {
  return [
    ...['-chardev', `socket,id=qmp,fd=${FD.qmp},server=on,wait=off`],
    ...['-mon', 'chardev=qmp,mode=control'],
  ];
}
