/**
 * What a VMM must offer to run boxes. QEMU is the only driver today (./qemu). The driver only plans and talks
 * to the monitor: the shim starts the program and passes it every file as an open descriptor, so a VMM needs
 * no access to any path.
 */
import type { Socket } from 'node:net';
import type { Home } from '../host/home.js';

export interface VmmDriver {
  /**
   * Finds the program: `path`, or else where the driver looks for it.
   * @throws setup-needed when it is missing, too old, or another program
   */
  find(home: Home, path?: string): Promise<InstalledVmm>;
  /**
   * Apart from what only a boot or only a restore needs, the plan is the same for a template and all its
   * boxes: the device layout is fixed, files differ behind the same descriptors.
   */
  plan(program: VmmProgram, machine: MachineSpec, files: MachineFiles, launch: Launch): LaunchPlan;
  /** The plan unchanged, or without the VMM's own seccomp filter; templates fit both. */
  sandboxed(plan: LaunchPlan, isOn?: boolean): LaunchPlan;
  /** Takes a connection to the VMM's monitor and owns it. */
  monitor(socket: Socket): VmmMonitor;
}

/** Operations on one running VMM. Each rejects with vmm-failed when the VMM refuses or ends. */
export interface VmmMonitor {
  /**
   * Saves the running machine's device state to the file `target`. The machine is not stopped first: its
   * memory is in the RAM file, so the copy ends at once, and the restored machine *runs*.
   * @param directory the directory behind `MachineFiles.stateDirectory`
   */
  saveState(directory: string, target: string): Promise<void>;
  /** Loads the state of a template into a waiting machine, which then runs if it ran when it was saved. */
  restoreState(): Promise<void>;
  /**
   * Stops the machine and detaches its image permanently, as a save requires. A machine restored from that
   * state has the image again, and must not notice its absence.
   * @param bytes size of the disk
   */
  stopWithoutImage(bytes: number): Promise<void>;
  /** Runs a machine that boots, or that was saved paused. */
  continueMachine(): Promise<void>;
  close(): void;
}

export interface VmmProgram {
  path: string;
  version: readonly [major: number, minor: number, micro: number];
}

export interface InstalledVmm extends VmmProgram {
  /** As the program prints it, with the distribution's own version: `7.2.22 (Debian 1:7.2+dfsg-7)`. */
  versionText: string;
  /** Differs between any two builds: a template works only with the build that wrote it. */
  build: string;
}

export type AcceleratorName = 'kvm' | 'tcg';

/** The properties of a box that its template fixes; everything else arrives after the restore. */
export interface MachineSpec {
  cpus: number;
  memoryMib: number;
  accelerator: AcceleratorName;
  /** The guest may run virtual machines itself; only with KVM. */
  nested?: true;
}

/** A file the shim opens and passes to the VMM under a fixed descriptor number. */
export interface PassedFile {
  fd: number;
  path: string;
  write: boolean;
}

/** A directory or a regular file of the host, which the shim adds to the 9p export. */
export interface Share {
  /** Without symbolic links. */
  path: string;
  readOnly: boolean;
  /** The shim tells the guest what the host changes there. */
  watch?: true;
}

export interface MachineFiles {
  /** File of the guest's memory: a template's, or a future template's. Without it the memory is not kept. */
  ram?: string;
  /** Device state of a template; absent when the machine boots. */
  state?: string;
  /** The image: a VMDK descriptor over `extents`, or one raw file when there are none. */
  image: string;
  extents: readonly string[];
  /** The writable disk, raw. */
  disk: string;
  /** Disk volumes, raw and writable, for the first of the `VOLUME_SLOTS`; as large as all disks. */
  volumes?: readonly string[];
  /** Images in the slots behind them. */
  mountedImages?: readonly ReadOnlyDisk[];
  /** Disk for the last slot, read-only; only if the others leave it free. */
  modules?: string;
  /** Directory exported over 9p; with `shares` an empty one, which their tree replaces. */
  share: string;
  /** The host's directories and files to share with the guest, in the tree's order. */
  shares?: readonly Share[];
  /** Directory in which the engine listens for a template's state. */
  stateDirectory?: string;
}

/** A VMDK descriptor over extents, each of them read-only. */
export interface ReadOnlyDisk {
  image: string;
  extents: readonly string[];
}

export interface GuestKernel {
  kernel: string;
  initramfs: string;
  /**
   * Rate of the host's time-stamp counter. Under emulation the guest sees the same counter; on a busy host
   * the kernel often fails to measure it against the emulated PIT, and then hangs.
   */
  tscKhz?: number;
}

export type Launch = (
  | /** Boot the kernel; guest memory is kept in the RAM file when there is one, as a template needs. */
    { kind: 'boot'; guest: GuestKernel }
    /** Continue a template. Its RAM file is only read, unless it is a copy for a new template. */
  | { kind: 'restore'; keepsRam?: boolean }
) & {
  /**
   * True: the network device, which every machine has, is connected to `LaunchPlan.netFd`; otherwise nothing
   * is behind it. A template fits both.
   */
  network?: boolean;
};

/** All that the shim needs to start the VMM. */
export interface LaunchPlan {
  machine: MachineSpec;
  argv: string[];
  env: string[];
  /** What the VMM reads by its path, and executes: its program, libraries and firmware. Some may be missing. */
  readable: string[];
  files: PassedFile[];
  qmpFd: number;
  portFd: number;
  consoleFd: number;
  /** The shares that replace the file with this descriptor number. */
  shares: { fd: number; entries: readonly Share[] };
  /** This VMM needs the interposer, which passes it descriptors where it would open files itself. */
  preload: boolean;
  /**
   * The number of a stream socket for the guest's Ethernet frames, each after its length as a big-endian u32;
   * undefined: no network.
   */
  netFd?: number;
}

/** Block devices that every machine has for disk volumes; see docs/decisions/0046-disk-volumes.md. */
export const VOLUME_SLOTS = 4;

/** Size of an empty slot, equal to every disk's: a template's driver has probed it. */
export const SLOT_BYTES = 2 ** 40;

/** How the guest finds the disk in a slot. */
export function volumeSerial(slot: number): string {
  return `vol${slot}`;
}

/** The extents of an image's VMDK are `/dev/fdset/N`, with N from this number on. */
export const FIRST_EXTENT_FDSET = 100;
/** More than an image has extents. */
const FDSETS_PER_IMAGE = 1000;

/** @param image 0: the one that the box was created from; then those that are mounted in it */
export function extentFdset(index: number, image = 0): number {
  return FIRST_EXTENT_FDSET + image * FDSETS_PER_IMAGE + index;
}

export function extentPath(index: number, image = 0): string {
  return `/dev/fdset/${extentFdset(index, image)}`;
}
