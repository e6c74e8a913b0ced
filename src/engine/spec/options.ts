/** What callers give: to open a runtime, to create a box, to run a command in it. */
import type { Environment } from './environment.js';
import type { HealthcheckOptions } from './healthcheck.js';
import type { LogPolicy } from './log-policy.js';
import type { ResolverOptions } from './network/resolv-conf.js';
import type { Ulimit } from './privileges.js';
import type { ProcessorOptions } from './processors.js';
import type { SecurityOptions, SecurityPreset } from './security.js';

export interface BoxliteOptions {
  /** Where everything is kept; default `BOXLITE_HOME`, else `~/.boxlite`. */
  homeDir?: string;
  /** Searched in order for references without a registry; empty means `docker.io`. */
  imageRegistries?: string[];
  /** Registries (host[:port]) spoken to over plain HTTP, or with certificates nobody vouches for. */
  insecureRegistries?: string[];
  /**
   * By registry (`docker.io`), mirrors that are asked before it: `[http[s]://]HOST[:PORT][/PATH]`,
   * the path put before the repository's name.
   */
  registryMirrors?: Record<string, string[]>;
  /** Files (PEM) of authorities to trust besides the well-known ones. */
  caCertificates?: string[];
  /** Directory of Docker's `config.json`; default `$DOCKER_CONFIG`, else `~/.docker`. */
  dockerConfigDir?: string;
  /** Bytes a layer may unpack to; default 64 GiB. */
  maxLayerBytes?: number;
  /** Files and directories a layer may have; default 2,000,000. */
  maxLayerEntries?: number;
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

export interface BoxOptions extends ProcessorOptions, ResolverOptions {
  rootfs?: RootfsSpec;
  /** Guest memory in MiB, at least 128. */
  memoryMib?: number;
  /** MiB that the kernel leaves to the box as long as others in its machine have any to give. */
  memoryReservationMib?: number;
  /** Size of the writable file system in bytes. */
  diskBytes?: number;
  /** Replaces the image's CMD. */
  command?: string[];
  /** Replaces the image's ENTRYPOINT and drops its CMD. */
  entrypoint?: string[];
  /** Variables over the image's, by name (`undefined` takes the image's away), or `K=V` and `K` alone each. */
  env?: readonly string[] | Environment;
  workingDir?: string;
  /** NAME|UID[:GROUP|GID], resolved inside the image. */
  user?: string;
  /** Groups besides the user's: NAME|GID each, resolved inside the image. */
  groupAdd?: string[];
  hostname?: string;
  /** NIS domain name; /etc/hosts has it behind the host name, too. */
  domainname?: string;
  labels?: Record<string, string>;
  /** A terminal for the command. */
  tty?: boolean;
  /** Keep the command's stdin open for whoever attaches. */
  stdin?: boolean;
  network?: 'default' | 'none';
  /** Of the box's interface: `02:42:ac:11:00:02`. */
  macAddress?: string;
  /** The box is removed when its command has ended. */
  autoRemove?: boolean;
  /** `no` (default), `on-failure[:N]`, `always` or `unless-stopped`: whether it is started again when it has ended. */
  restart?: string;
  /** Milliseconds from its start after which the command gets TERM, and KILL 2 s later. */
  timeoutMs?: number;
  /** Signal that `stop` sends, name or number; default the image's, else TERM. */
  stopSignal?: string;
  /** Seconds between the stop signal and KILL; −1 waits for ever. */
  stopTimeoutSeconds?: number;
  readOnlyRoot?: boolean;
  init?: boolean;
  shmBytes?: number;
  /** Over the image's HEALTHCHECK, field by field; `test: ['NONE']` turns it off. */
  healthcheck?: HealthcheckOptions;
  /** How much is kept of the command's output, for `logs`. */
  log?: LogPolicy;
  /** Processes and threads the box may have; 0 or −1: as many as its machine bears. */
  pidsLimit?: number;
  /** A preset by name, or walls of one's own; what is left out of those is `standard`'s. */
  security?: Partial<SecurityOptions> | SecurityPreset;
  /** Every capability, the kernel's files unmasked, and no filter of system calls. */
  privileged?: boolean;
  /** Capabilities besides Docker's fourteen, `CAP_` or not; `ALL`. */
  capAdd?: string[];
  capDrop?: string[];
  ulimits?: Ulimit[];
  /** How readily the kernel ends the box's processes when memory is short: −1000 … 1000. */
  oomScoreAdj?: number;
  /**
   * Parameters of the box's kernel, by name. Those of net., vm. and the like; a privileged box may have any.
   */
  sysctls?: Record<string, string>;
  /** `/dev/fuse[:PATH][:rwm]`, `/dev/net/tun`, with `nested` `/dev/kvm`: devices of the box's own kernel. */
  devices?: string[];
  /** `c 10:229 rwm` each: what the box's processes may do to nodes of these numbers. */
  deviceRules?: string[];
  /** `none`: without /dev/shm. `shareable` is as `private` here: no other box can join. */
  ipc?: IpcMode;
  /** Lines for /etc/hosts, `NAME:IP` each; `host-gateway` is the host. */
  extraHosts?: string[];
  /** Kept with the box, and shown; they mean nothing to BoxLite. */
  annotations?: Record<string, string>;
  /** `80/tcp` each, kept as the image's are: what the command listens at. */
  exposedPorts?: string[];
  /**
   * PID 1 only waits, and runs until `stop`; commands come by `exec`. Default: true without `command`
   * and `entrypoint`; `false` then runs the image's own command.
   */
  idle?: boolean;
  /**
   * Another kernel than the home's: path of a vmlinuz or vmlinux. It must stay where it is, as it is, as long as
   * the box is to be started.
   */
  kernel?: string;
  /** Its modules, a directory as /lib/modules/VERSION; without it all that boxes need must be built in. */
  modules?: string;
  /** The box may run virtual machines itself, as far as its kernel can and it is privileged; only with KVM. */
  nested?: boolean;
  platform?: string;
  pull?: 'missing' | 'always' | 'never';
  /** Host directories and files that the box sees; at most 64. */
  volumes?: VolumeSpec[];
  /** File systems in the box's memory, empty at each start. */
  tmpfs?: TmpfsSpec[];
}

export type IpcMode = 'private' | 'shareable' | 'none';

/** A directory or regular file of the host, mounted in the box. */
export interface VolumeSpec {
  /** Absolute; links in it are followed once, when the box is created. */
  hostPath: string;
  /** Absolute; made in the box when missing. */
  guestPath: string;
  /** Enforced by the host's kernel; default false. */
  readOnly?: boolean;
  /** Make a directory of `hostPath` when there is nothing, as `-v` does; default: that is an error. */
  createHostPath?: boolean;
}

export interface TmpfsSpec {
  /** Absolute; made in the box when missing. */
  guestPath: string;
  /** As `--tmpfs`: `size=64m,mode=1777,exec`; default `noexec,nosuid,nodev` and half of the memory. */
  options?: string;
}

/** What a caller may give up. */
export interface AbortOptions {
  /**
   * Ends the call when it aborts: the call rejects with a `BoxliteError` of code `cancelled`, whose `cause` is the
   * signal's reason, once what it had begun is undone.
   */
  signal?: AbortSignal | undefined;
}

export interface StartOptions extends AbortOptions {
  /** Boots the VM instead of restoring it from a template; default false. */
  cold?: boolean;
  /** Size of the terminal when the box has one. */
  terminal?: TerminalSize;
}

/** The signal ends the command, too: it is hung up (HUP, KILL 2 s later) and `wait` rejects with `cancelled`. */
export type ExecOptions = AbortOptions;

export interface TerminalSize {
  rows: number;
  cols: number;
}

/**
 * A signal that aborts while the box is being stopped ends the wait and the grace: the stop signal has been sent then,
 * and KILL will not be.
 */
export interface StopOptions extends AbortOptions {
  /** What the command is sent first, name or number; default the box's own, see `BoxOptions.stopSignal`. */
  stopSignal?: string;
  /** Seconds from then to KILL; 0 kills at once, −1 waits for ever. Default the box's own, see `BoxOptions`. */
  timeoutSeconds?: number;
}

/** What can be changed of a box; what is missing stays. Its processors only while it does not run. */
export interface UpdateOptions extends ProcessorOptions {
  restart?: string;
  /** Signal that `stop` sends. */
  stopSignal?: string;
  /** Seconds between it and KILL; −1 waits for ever. */
  stopTimeoutSeconds?: number;
  /** Only of a box that does not run. */
  memoryMib?: number;
  /** Only of a box that does not run. */
  memoryReservationMib?: number;
  /** Most processes and threads; −1 for no limit. Only of a box that does not run. */
  pidsLimit?: number;
}

/** The signal ends the wait; the box goes on. */
export interface WaitOptions extends AbortOptions {
  /**
   * `not-running` (default) is answered at once by a box that does not run; `next-exit` waits for its next
   * end, `removed` until it is gone.
   */
  condition?: WaitCondition;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface RemoveOptions {
  force?: boolean;
}

export interface CommitOptions extends AbortOptions {
  /** Name of the new image; without one it is dangling. */
  reference?: string;
  message?: string;
  author?: string;
  /** Docker's `--change` instructions. */
  changes?: string[];
  /** Nothing in a running box moves while it is read; default true. */
  pause?: boolean;
}
