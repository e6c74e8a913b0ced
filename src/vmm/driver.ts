/**
 * What a VMM must offer so that boxes can run on it. QEMU is the one driver today (./qemu); another would stand
 * beside it. The driver only plans and speaks to the monitor: the shim starts the program and passes it every file
 * as an open descriptor, so a VMM needs no right to any path.
 */
import type { Socket } from 'node:net';
import type { Home } from '../host/home.js';

export interface VmmDriver {
  /**
   * Finds the program: `path`, or else where the driver looks for it.
   * @throws setup-needed when it is missing, another program, or too old
   */
  find(home: Home, path?: string): Promise<InstalledVmm>;
  /**
   * Apart from what only a boot or only a restore needs, the plan is the same for a template and all its boxes: the
   * device layout is fixed, files differ behind the same descriptors.
   */
  plan(program: VmmProgram, machine: MachineSpec, files: MachineFiles, launch: Launch): LaunchPlan;
  /** The plan as it is, or without the VMM's own seccomp filter: the machine is the same to its templates. */
  sandboxed(plan: LaunchPlan, isOn?: boolean): LaunchPlan;
  /** Takes a connection to the VMM's monitor and owns it. */
  monitor(socket: Socket): VmmMonitor;
  /** Whether BoxLite's interposer can keep the host's loopback shut to this VMM's guests. */
  shutsLoopback(program: VmmProgram): Promise<boolean>;
}

/** Operations on one running VMM. Each rejects with vmm-failed when the VMM refuses or ends. */
export interface VmmMonitor {
  /**
   * Saves the running machine's device state to the file `target`. The machine is not stopped first: its memory is
   * in the RAM file, so the copy ends at once, and what is saved is a machine that *runs* when it is restored.
   * @param directory the directory behind `MachineFiles.stateDirectory`
   */
  saveState(directory: string, target: string): Promise<void>;
  /** Loads the state of a template into a machine that waits for it; it runs on if it ran when it was saved. */
  restoreState(launch: { network: boolean }): Promise<void>;
  /**
   * Stops the machine and takes its image away, for good, as a save needs it. What is restored from that state has
   * the image again, and must not notice that it was gone.
   * @param bytes the disk's
   */
  stopWithoutImage(bytes: number): Promise<void>;
  /**
   * Cuts the network on the host's side, where neither the guest nor a template's state has a say. To be called
   * before the machine runs.
   */
  cutLink(): Promise<void>;
  /** Lets a machine run that was saved standing still, or that waits. */
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
  /** Differs between any two builds: a template is only good for the one that wrote it. */
  build: string;
}

export type AcceleratorName = 'kvm' | 'tcg';

/** The part of a box that a template is made for; everything else arrives after the restore. */
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

/** A directory or a regular file of the host, which the shim puts into the 9p export. */
export interface Share {
  /** Without symbolic links. */
  path: string;
  readOnly: boolean;
}

export interface MachineFiles {
  /** Guest memory: of the template, or to become one. A machine without any keeps none. */
  ram?: string;
  /** Device state of a template; absent when the machine boots. */
  state?: string;
  /** The image: a VMDK descriptor over `extents`, or one raw file when there are none. */
  image: string;
  extents: readonly string[];
  /** The writable disk, raw. */
  disk: string;
  /** Directory exported over 9p; with `shares`, one that is empty, whose place their tree takes. */
  share: string;
  /** The host's directories and files that the guest sees, in the tree's order. */
  shares?: readonly Share[];
  /** Directory in which the engine listens for a template's state. */
  stateDirectory?: string;
}

export interface GuestKernel {
  kernel: string;
  initramfs: string;
  /**
   * Rate of the host's time-stamp counter. Under emulation the guest sees that very counter, and on
   * a busy host the kernel often fails to measure it against the emulated PIT, and then hangs.
   */
  tscKhz?: number;
}

export type Launch = (
  | /** Boot the kernel; guest memory is kept in the RAM file when there is one, as a template needs. */
    { kind: 'boot'; guest: GuestKernel }
    /** Continue a template. Its RAM file is only read, unless it is a copy that is to become another's. */
  | { kind: 'restore'; keepsRam?: boolean }
) & {
  /**
   * False: the network device, which every machine has, leads nowhere. No machine's template depends on
   * it. One that boots waits until its link has been cut and the host lets it continue.
   */
  network?: boolean;
};

/** All that the shim needs to start the VMM. */
export interface LaunchPlan {
  machine: MachineSpec;
  argv: string[];
  env: string[];
  files: PassedFile[];
  qmpFd: number;
  portFd: number;
  consoleFd: number;
  /** What is to be put in the place of the file with this number. */
  shares: { fd: number; entries: readonly Share[] };
  /** The interposer is needed, which passes this VMM its descriptors where it would open files itself. */
  preload: boolean;
  /** The VMM has the host's network. */
  network: boolean;
}

/** Extents of an image's VMDK are reached as `/dev/fdset/N` from this N up. */
export const FIRST_EXTENT_FDSET = 100;

export function extentPath(index: number): string {
  return `/dev/fdset/${FIRST_EXTENT_FDSET + index}`;
}
