/** What callers give: to open a runtime, to create a box, to run a command in it. */

export interface BoxliteOptions {
  /** Where everything is kept; default `BOXLITE_HOME`, else `~/.boxlite`. */
  homeDir?: string;
  /** Searched in order for references without a registry; empty means `docker.io`. */
  imageRegistries?: string[];
  /** Registries (host[:port]) spoken to over plain HTTP, or with certificates nobody vouches for. */
  insecureRegistries?: string[];
  /** `auto` takes KVM where it boots, else emulation. */
  accelerator?: AcceleratorChoice;
  /** QEMU's program; default: found on PATH. */
  qemu?: string;
  /** Told what a slow first call is doing (making a template, trying KVM); default: silent. */
  onNotice?: (message: string) => void;
}

export type AcceleratorChoice = 'auto' | 'kvm' | 'tcg';

/** An image by reference, or a prepared root: an OCI layout or a root directory. */
export type RootfsSpec = { image: string } | { path: string };

export interface BoxOptions {
  rootfs?: RootfsSpec;
  /** Virtual CPUs, 1 … 64. */
  cpus?: number;
  /** Guest memory in MiB, at least 128. */
  memoryMib?: number;
  /** Size of the writable file system in bytes. */
  diskBytes?: number;
  /** Replaces the image's CMD. */
  command?: string[];
  /** Replaces the image's ENTRYPOINT and drops its CMD. */
  entrypoint?: string[];
  /** `K=V`, added to the image's. */
  env?: string[];
  workingDir?: string;
  /** NAME|UID[:GROUP|GID], resolved inside the image. */
  user?: string;
  hostname?: string;
  labels?: Record<string, string>;
  /** A terminal for the command. */
  tty?: boolean;
  /** Keep the command's stdin open for whoever attaches. */
  stdin?: boolean;
  network?: 'default' | 'none';
  /** The box is removed when its command has ended. */
  autoRemove?: boolean;
  /** Signal that `stop` sends, name or number; default the image's, else TERM. */
  stopSignal?: string;
  /** Seconds between the stop signal and KILL; −1 waits for ever. */
  stopTimeoutSeconds?: number;
  readOnlyRoot?: boolean;
  init?: boolean;
  shmBytes?: number;
  /** PID 1 only waits; commands come by `exec`. What the library makes when no command is given. */
  idle?: boolean;
  platform?: string;
  pull?: 'missing' | 'always' | 'never';
}

/** Where the template or a forced cold boot is wanted; a template is the default. */
export interface StartOptions {
  cold?: boolean;
  /** Size of the terminal when the box has one. */
  terminal?: TerminalSize;
}

export interface TerminalSize {
  rows: number;
  cols: number;
}

export interface StopOptions {
  signal?: string;
  timeoutSeconds?: number;
}

export interface RemoveOptions {
  force?: boolean;
}
