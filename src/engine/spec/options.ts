/** Options of callers: to open a runtime, to create a box, to run a command in it. */
import type { Environment } from './environment.js';
import type { HealthcheckOptions } from './healthcheck.js';
import type { LogPolicy } from './log-policy.js';
import type { NetworkAttachment } from './network/named/asked-networks.js';
import type { NetPolicyOptions, NetworkName } from './network/policy.js';
import type { PublishOptions } from './network/ports.js';
import type { NetRateOptions } from './network/rates.js';
import type { ResolverOptions } from './network/resolv-conf.js';
import type { Ulimit } from './privileges.js';
import type { ProcessorOptions } from './processors.js';
import type { SecurityOptions, SecurityPreset } from './security.js';
import type { VolumeSpec } from './volumes/volume-spec.js';

export interface BoxliteOptions {
  /** Directory of all data; default `BOXLITE_HOME`, else `~/.boxlite`. */
  homeDir?: string;
  /** Registries searched in order for references without a registry; empty means `docker.io`. */
  imageRegistries?: string[];
  /** Registries (host[:port]) that may use plain HTTP or unverified certificates. */
  insecureRegistries?: string[];
  /**
   * By registry (`docker.io`), the mirrors to try before it: `[http[s]://]HOST[:PORT][/PATH]`, where the path
   * precedes the repository's name.
   */
  registryMirrors?: Record<string, string[]>;
  /** PEM files of certificate authorities to trust, in addition to the well-known ones. */
  caCertificates?: string[];
  /** Directory of Docker's `config.json`; default `$DOCKER_CONFIG`, else `~/.docker`. */
  dockerConfigDir?: string;
  /** Bytes a layer may unpack to; default 64 GiB. */
  maxLayerBytes?: number;
  /** Files and directories a layer may have; default 2,000,000. */
  maxLayerEntries?: number;
  /** `auto` (default) uses KVM if a machine boots with it, else emulation (`tcg`). */
  accelerator?: AcceleratorChoice;
  /**
   * Kind of the volumes that are created without one, see `VolumeOptions.options`. Default: `shared` for those
   * with names, `disk` for anonymous ones as long as their box can have disks.
   */
  volumeType?: 'shared' | 'disk';
  /** Path of QEMU's program; default: found on PATH. */
  qemu?: string;
  /** Receives what a slow first call is doing (making a template, trying KVM); default: silent. */
  onNotice?: (message: string) => void;
}

export type AcceleratorChoice = 'auto' | 'kvm' | 'tcg';

/** An image by reference, or a prepared root: an OCI layout or a root directory. */
export type RootfsSpec = { image: string } | { path: string };

export interface BoxOptions
  extends ProcessorOptions, ResolverOptions, PublishOptions, NetPolicyOptions, NetRateOptions {
  /** Default: the built-in image, `busybox`. */
  rootfs?: RootfsSpec;
  /** Guest memory in MiB, at least 128; default 512. */
  memoryMib?: number;
  /** MiB that the guest's kernel reclaims from the box only after all other memory of the machine. */
  memoryReservationMib?: number;
  /** Size of the writable file system in bytes, at least 64 MiB; default 10 GiB. */
  diskBytes?: number;
  /** Replaces the image's CMD. */
  command?: string[];
  /** Replaces the image's ENTRYPOINT and drops its CMD. */
  entrypoint?: string[];
  /**
   * Variables that override the image's: by name (`undefined` removes one), or as `K=V`, where `K` alone
   * removes one.
   */
  env?: readonly string[] | Environment;
  /** Working directory of the command, an absolute path; default the image's, else `/`. */
  workingDir?: string;
  /** NAME|UID[:GROUP|GID], resolved inside the image; default the image's user. */
  user?: string;
  /** Additional groups of the user: NAME|GID each, resolved inside the image. */
  groupAdd?: string[];
  /** Default: the first 12 characters of the box's id. */
  hostname?: string;
  /** NIS domain name; also appended to the host name in /etc/hosts. */
  domainname?: string;
  /** Labels that override the image's. */
  labels?: Record<string, string>;
  /** Give the command a terminal; default false. */
  tty?: boolean;
  /** Keep the command's stdin open for clients that attach; default false. */
  stdin?: boolean;
  /**
   * `default`: everything but the host's loopback, link-local and metadata addresses. `public`: no private
   * address, either. `internal`: nothing outside. `none`: no network. Any other: the name of a network that
   * the box is in, see `networks`. Default: what `security` says, which is `default` unless the preset is
   * `maximum`.
   */
  network?: NetworkName | (string & Record<never, never>);
  /**
   * The networks with names that the box is in, with what it has there. The first that is not internal, or
   * else the first, has its gateway and resolver.
   */
  networks?: readonly NetworkAttachment[];
  /** MAC address of the box's interface: `02:42:ac:11:00:02`. */
  macAddress?: string;
  /** Remove the box when its command has ended; default false. Excludes `restart`. */
  autoRemove?: boolean;
  /**
   * `no` (default), `on-failure[:N]`, `always` or `unless-stopped`: whether to start the box again when it
   * has ended.
   */
  restart?: string;
  /** Milliseconds after which the command receives TERM, and KILL 2 s later; 0 (default): no limit. */
  timeoutMs?: number;
  /** Signal that `stop` sends, as name or number; default the image's, else TERM. */
  stopSignal?: string;
  /** Seconds between the stop signal and KILL; 0 kills at once, −1 waits for ever. Default 10. */
  stopTimeoutSeconds?: number;
  /** Mount the root file system read-only; default false. */
  readOnlyRoot?: boolean;
  /** Run the command under an init that forwards signals and reaps processes; default false. */
  init?: boolean;
  /** Size of /dev/shm in bytes, at least 4096; default 64 MiB. */
  shmBytes?: number;
  /** Overrides the image's HEALTHCHECK, field by field; `test: ['NONE']` turns it off. */
  healthcheck?: HealthcheckOptions;
  /** How much of the command's output to keep for `logs`. */
  log?: LogPolicy;
  /** Most processes and threads of the box; 0 (default) or −1: no limit but the machine's. */
  pidsLimit?: number;
  /** A preset by name, or individual options; missing ones are those of `standard`, the default. */
  security?: Partial<SecurityOptions> | SecurityPreset;
  /** Every capability, the kernel's files unmasked, and no system call filter; default false. */
  privileged?: boolean;
  /** Capabilities to add to Docker's fourteen, with or without `CAP_`; `ALL` for all. */
  capAdd?: string[];
  /** Capabilities to drop from Docker's fourteen, with or without `CAP_`; `ALL` for all. */
  capDrop?: string[];
  /** Resource limits of the box's commands; default `nofile` 1024, hard limit 524,288. */
  ulimits?: Ulimit[];
  /** How readily the kernel kills the box's processes when memory is short: −1000 … 1000; default 0. */
  oomScoreAdj?: number;
  /** Parameters of the box's kernel, by name: net., vm. and the like; any for a privileged box. */
  sysctls?: Record<string, string>;
  /**
   * Devices of the box's own kernel: `/dev/fuse[:PATH][:rwm]`, `/dev/net/tun`, with `nested` also `/dev/kvm`.
   */
  devices?: string[];
  /** Device rules, `c 10:229 rwm` each: the access of the box's processes to nodes with these numbers. */
  deviceRules?: string[];
  /** `none`: without /dev/shm. `shareable` equals `private` (default): no other box can join. */
  ipc?: IpcMode;
  /** Lines for /etc/hosts, `NAME:IP` each; the IP `host-gateway` stands for the host. */
  extraHosts?: string[];
  /** Stored with the box and shown; they have no meaning to BoxLite. */
  annotations?: Record<string, string>;
  /** Ports that the command listens on, `80/tcp` each; added to the image's, and informational like them. */
  exposedPorts?: string[];
  /**
   * PID 1 only waits until `stop`; `exec` runs commands. Default: true without `command` and `entrypoint`;
   * `false` then runs the image's own command.
   */
  idle?: boolean;
  /**
   * Path of a vmlinuz or vmlinux to boot instead of the home's kernel. The file must stay unchanged as long
   * as the box may start.
   */
  kernel?: string;
  /**
   * Directory of that kernel's modules, as /lib/modules/VERSION; without it the kernel must have all that
   * boxes need built in.
   */
  modules?: string;
  /**
   * Let the box run virtual machines itself, if its kernel can and the box is privileged; only with KVM.
   * Default false.
   */
  nested?: boolean;
  /** os/architecture[/variant] to choose from a multi-platform image; default this machine's. */
  platform?: string;
  /** When to pull the image; default `missing`. */
  pull?: 'missing' | 'always' | 'never';
  /** What to mount in the box: directories and files of the host, and volumes; at most 64. */
  volumes?: VolumeSpec[];
  /** Boxes whose mounts of `volumes` the box gets as well, in the same places: `web` or `web:ro`. */
  volumesFrom?: string[];
  /** File systems in the box's memory, empty at each start. */
  tmpfs?: TmpfsSpec[];
}

export type IpcMode = 'private' | 'shareable' | 'none';

export interface TmpfsSpec {
  /** Absolute; created in the box if missing. */
  guestPath: string;
  /** As `--tmpfs`: `size=64m,mode=1777,exec`; default `noexec,nosuid,nodev` and half of the memory. */
  options?: string;
}

/** Options of calls that can be aborted. */
export interface AbortOptions {
  /**
   * Aborts the call: it undoes what it has begun, then rejects with a `BoxliteError` of code `cancelled`,
   * whose `cause` is the signal's reason.
   */
  signal?: AbortSignal | undefined;
}

export interface StartOptions extends AbortOptions {
  /** Boot the VM instead of restoring it from a template; default false. */
  cold?: boolean;
  /** Size of the terminal, if the box has one; default 24 rows, 80 columns. */
  terminal?: TerminalSize;
}

/**
 * The signal also ends the started command: it is hung up (HUP, KILL 2 s later), and `wait` rejects with
 * `cancelled`.
 */
export type ExecOptions = AbortOptions;

export interface TerminalSize {
  rows: number;
  cols: number;
}

/**
 * If the signal aborts while the box is being stopped, the wait ends: the stop signal has been sent, and KILL
 * will not be sent.
 */
export interface StopOptions extends AbortOptions {
  /** The signal to send first, as name or number; default the box's own, see `BoxOptions.stopSignal`. */
  stopSignal?: string;
  /**
   * Seconds from then until KILL; 0 kills at once, −1 waits for ever. Default: the box's
   * `stopTimeoutSeconds`.
   */
  timeoutSeconds?: number;
}

/**
 * The options of a box that can change; missing ones stay. Processors change only while the box does not run, the
 * network's rates at any time.
 */
export interface UpdateOptions extends ProcessorOptions, NetRateOptions {
  /** New restart policy; see `BoxOptions.restart`. */
  restart?: string;
  /** Signal that `stop` sends. */
  stopSignal?: string;
  /** Seconds between that signal and KILL; 0 kills at once, −1 waits for ever. */
  stopTimeoutSeconds?: number;
  /** MiB, at least 128. Only while the box does not run. */
  memoryMib?: number;
  /** MiB; see `BoxOptions`. Only while the box does not run. */
  memoryReservationMib?: number;
  /** Most processes and threads; 0 or −1: no limit. Only while the box does not run. */
  pidsLimit?: number;
}

/** The signal ends only the wait; the box goes on. */
export interface WaitOptions extends AbortOptions {
  /**
   * `not-running` (default) resolves at once if the box does not run; `next-exit` waits for its next end,
   * `removed` until it is removed.
   */
  condition?: WaitCondition;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface RemoveOptions {
  /** Kill a running box first; default false. */
  force?: boolean;
  /**
   * Remove its anonymous volumes as well, unless another box has them; default false. They always go with a box
   * that has `autoRemove`.
   */
  volumes?: boolean;
}

export interface CommitOptions extends AbortOptions {
  /** Name of the new image; without a name it is dangling. */
  reference?: string;
  /** Comment in the new image's history. */
  message?: string;
  /** Author of the new image. */
  author?: string;
  /** Docker's `--change` instructions: `CMD ["sh"]`. */
  changes?: string[];
  /** Freeze a running box while it is read; default true. */
  pause?: boolean;
}
