/**
 * The wire between engine, shim and guest agent: THE source. `npm run build:protocol` writes
 * native/protocol/protocol.h and the golden messages in native/protocol/vectors/ from it.
 *
 * A stream is a sequence of frames, little-endian throughout:
 *
 *     u32 payload length · u32 session · u8 type · u8 flags · u16 0 · payload
 *
 * Session 0 is control, session 1 the box's command (its PID 1, "main"), all others are exec
 * sessions. A client of the shim numbers its own sessions (2 …); the shim maps them to numbers that
 * are unique in the box. Main's output goes to the log and to every client that sent `attach`.
 *
 * Payloads are fields in the order of their table: fixed-width integers, and length-prefixed (u32)
 * bytes. `raw` payloads are bytes without a length.
 *
 * Flow control: in each direction a session may have `WINDOW` bytes on the way; the receiver returns
 * `credit` as it consumes. stdout and stderr of a session share one window.
 */

/** Raised with every incompatible change; both ends refuse another's. */
export const GENERATION = 6;

export const LIMITS = {
  HEADER_BYTES: 12,
  /** Of one frame's payload. */
  MAX_PAYLOAD: 65_536,
  /** Of one message assembled from frames with MORE. */
  MAX_MESSAGE: 4_194_304,
  /** Bytes of stdin, or of stdout and stderr together, on the way in one session. */
  WINDOW: 262_144,
  MAX_ARGS: 65_536,
  MAX_SESSIONS: 4_096,
  MAX_SHARES: 64,
  MAX_SYSCTLS: 128,
  MAX_CGROUP_LIMITS: 16,
  MAX_DEVICES: 64,
  MAX_GROUPS: 64,
  /** Ids that root's shares show as they are; those above belong to nobody there. */
  SHARE_IDS: 65_536,
  /** Bytes of output that one check of a box's health keeps. */
  HEALTH_OUTPUT: 4_096,
  /** Results of checks that the shim keeps. */
  HEALTH_CHECKS: 5,
  /** Of one process's command line in `stats`, and of processes. */
  PROCESS_COMMAND: 1_024,
  MAX_PROCESSES: 2_048,
} as const;

export const SESSIONS = { CONTROL: 0, MAIN: 1, FIRST_EXEC: 2 } as const;

export const FRAME_FLAGS = {
  /** The message goes on in the next frame of this session and type. */
  MORE: 1,
  /** Last bytes of this stream (stdin). The payload may be empty. */
  EOF: 2,
  /** Of exec: the command has no streams and outlives its client. Its end is told to nobody. */
  DETACHED: 4,
} as const;

export const EXEC_FLAGS = {
  TTY: 1,
  /** The caller will send stdin; without it the command reads /dev/null (or a terminal nobody types at). */
  STDIN: 2,
  /** Main without a command: PID 1 only reaps and waits. */
  IDLE: 4,
  PRIVILEGED: 8,
  /** Main runs under an init that forwards signals and reaps. */
  INIT: 16,
  /** Make `cwd` when it is missing (the image's WorkingDir, or -w). */
  MAKE_CWD: 32,
  /**
   * No command: the session's stdout is the box's file system as a tar, without what is mounted over it.
   * The one session that may begin before main.
   */
  ARCHIVE: 64,
  /**
   * No command: the session's stdout is a tar of a path in the box, as all of the box's mounts show it.
   * argv is that of native/archive/command.h. Like ARCHIVE, both may begin before main.
   */
  PACK: 128,
  /** No command: the session's stdin is a tar that is unpacked in the box. */
  UNPACK: 256,
  /** Of ARCHIVE: only what the box has changed, as a layer of an image. */
  LAYER: 512,
  /** Of ARCHIVE: the names of what the box has changed: `A`, `C` or `D`, a path, a NUL each. */
  CHANGES: 1024,
  /** Of ARCHIVE: everything in the box stands still meanwhile. */
  FREEZE: 2048,
  /** Without the filter of system calls that commands have. */
  UNCONFINED: 4096,
  /** Neither set-user-ID programs nor file capabilities give the command anything. */
  NO_NEW_PRIVILEGES: 8192,
} as const;

export const BOX_FLAGS = {
  NETWORK: 1,
  READ_ONLY_ROOT: 2,
  PRIVILEGED: 4,
  /** The kernel's files in /proc and /sys are neither hidden nor read-only. */
  UNMASKED: 8,
  /** /dev/shm is an ordinary directory. */
  NO_SHM: 16,
} as const;

/** What a rule of the box's device policy is about, and what it allows: Linux's BPF_DEVCG_*. */
export const DEVICE_KINDS = { BLOCK: 1, CHARACTER: 2 } as const;
export const DEVICE_ACCESS = { MKNOD: 1, READ: 2, WRITE: 4 } as const;
/** In place of a major or minor number. */
export const ANY_DEVICE = 4_294_967_295;

/** Exit statuses of both ends of a copy: what kind of failure it was. */
export const COPY_EXITS = {
  FAILED: 1,
  USAGE: 2,
  /** The source is not there. */
  NO_SOURCE: 3,
  /** A directory is needed, and something else is there. */
  NOT_DIRECTORY: 4,
  /** A file's destination ends in a slash and is not there. */
  NO_DIRECTORY: 5,
  /** The directory that the destination is in is not there. */
  NO_PARENT: 6,
  DIRECTORY_TO_FILE: 7,
  FILE_TO_DIRECTORY: 8,
  /** It is there already, and nothing may be replaced. */
  EXISTS: 9,
  /** The source is a directory, and only a file may be copied. */
  NOT_RECURSIVE: 10,
  /** The archive ended before its end. */
  TRUNCATED: 11,
  MALFORMED: 12,
  NO_SPACE: 13,
  READ_ONLY: 14,
  PERMISSION: 15,
  UNSUPPORTED: 16,
  /** The destination is a device, a FIFO or a socket, which a copy does not replace. */
  NOT_A_FILE: 17,
} as const;

export const EXIT_FLAGS = { OOM: 1, TIMED_OUT: 2 } as const;

/** What a box's health is after a check. */
export const HEALTH_STATUSES = { STARTING: 1, HEALTHY: 2, UNHEALTHY: 3 } as const;

/** How a check of a box's health ended; only EXITED has an exit code. */
export const HEALTH_RESULTS = { EXITED: 0, TIMED_OUT: 1, FAILED: 2 } as const;

export const STATS_FLAGS = {
  /** Each process of the box as well. */
  PROCESSES: 1,
} as const;

/** Where a start failed; also the stages that a failed boot names to the user. */
export const STAGES = {
  JAIL: 1,
  VMM: 2,
  KERNEL: 3,
  AGENT: 4,
  BOOTSTRAP: 5,
  DISKS: 6,
  NETWORK: 7,
  EXEC: 8,
} as const;

export const MOUNT_KINDS = { TMPFS: 1, SHARE: 2 } as const;

/** What the shim is doing, in `welcome`. */
export const SHIM_PHASES = { STARTING: 1, RUNNING: 2, EXITED: 3, PAUSED: 4 } as const;

/** In place of a delay: the shim does not run `on_exit`. */
export const NO_ON_EXIT = 4_294_967_295;

type Scalar = 'u8' | 'u16' | 'u32' | 'u64' | 'bytes';
/** A field is a scalar, or a list (u32 count, then the items' fields). */
export type Field = readonly [name: string, kind: Scalar | readonly Field[]];

const ITEM: readonly Field[] = [['value', 'bytes']];
const RLIMIT: readonly Field[] = [
  ['resource', 'u32'], // Linux's RLIMIT_* number
  ['soft', 'u64'],
  ['hard', 'u64'],
];

/** Frame types. 0x01–0x3f go to the guest, 0x40–0x7f come from it, 0x80–0xff stop at the shim. */
export const MESSAGES = {
  bootstrap: {
    type: 0x01,
    fields: [
      ['generation', 'u32'],
      ['wallNs', 'u64'], // Unix time
      ['entropy', 'bytes'], // 32 bytes, credited as 256 bits
      ['flags', 'u32'], // BOX_FLAGS
      ['hostname', 'bytes'],
      ['domainname', 'bytes'], // NIS's; empty = none
      ['machineId', 'bytes'], // 32 hex digits
      ['address', 'u32'], // IPv4 as a number: 10.0.2.15 = 0x0a00020f
      ['prefix', 'u8'],
      ['gateway', 'u32'],
      ['mac', 'bytes'], // 6 bytes, or none: the device's own
      ['resolvConf', 'bytes'], // the whole file
      ['hosts', 'bytes'], // lines to add to /etc/hosts
      ['shmBytes', 'u64'],
      ['pidsMax', 'u32'], // 0 = no limit
      [
        'mounts',
        [
          ['kind', 'u8'], // MOUNT_KINDS
          ['source', 'bytes'],
          ['target', 'bytes'],
          ['flags', 'u32'], // Linux's MS_*
          ['options', 'bytes'],
        ],
      ],
      [
        'sysctls', // in the order in which they are written
        [
          ['name', 'bytes'], // path below /proc/sys: net/ipv4/ip_forward
          ['value', 'bytes'],
        ],
      ],
      [
        'limits', // of the box's cgroup
        [
          ['name', 'bytes'], // of a file: cpu.max
          ['value', 'bytes'],
        ],
      ],
      [
        'devices',
        [
          ['path', 'bytes'], // where the box has its node; empty = only the rule
          ['kind', 'u8'], // DEVICE_KINDS
          ['access', 'u8'], // DEVICE_ACCESS
          ['major', 'u32'], // or ANY_DEVICE; of a node, a device that the machine has
          ['minor', 'u32'],
          ['mode', 'u32'], // of the node
        ],
      ],
    ],
  },
  exec: {
    type: 0x02,
    fields: [
      ['flags', 'u32'], // EXEC_FLAGS
      ['rows', 'u16'],
      ['cols', 'u16'],
      ['timeoutMs', 'u32'], // 0 = none; then TERM, and KILL 2 s later, to the process group
      ['capabilities', 'u64'], // bit n = CAP n
      ['oomScoreAdj', 'u16'], // plus 1000
      ['user', 'bytes'], // NAME|UID[:GROUP|GID], empty = 0:0; resolved inside the image
      ['groups', ITEM], // NAME|GID, besides those of the user
      ['cwd', 'bytes'],
      ['argv', ITEM],
      ['env', ITEM], // K=V
      ['rlimits', RLIMIT],
    ],
  },
  stdin: { type: 0x03, fields: 'raw' },
  /** Both directions: the sender has consumed this many bytes of the session. */
  credit: { type: 0x04, fields: [['bytes', 'u32']] },
  resize: {
    type: 0x05,
    fields: [
      ['rows', 'u16'],
      ['cols', 'u16'],
    ],
  },
  signal: { type: 0x06, fields: [['signal', 'u32']] },
  /** The session's client is gone: the agent ends the process group (HUP, then KILL) and forgets it. */
  hangup: { type: 0x07, fields: [] },
  /** End everything in the box, write back, power off. */
  shutdown: { type: 0x08, fields: [] },
  /**
   * Before bootstrap, to a machine that is to become an image's template: do now what is the same for
   * every new box of the image (disks, root file system, this network).
   */
  prepare: {
    type: 0x09,
    fields: [
      ['generation', 'u32'],
      ['address', 'u32'],
      ['prefix', 'u8'],
      ['gateway', 'u32'],
    ],
  },
  /**
   * After bootstrap and before main: the agent runs this check from main's start on, as long as main
   * runs. A time of 0 has no default here.
   */
  healthcheck: {
    type: 0x0a,
    fields: [
      ['intervalMs', 'u32'], // from the end of one check to the next
      ['timeoutMs', 'u32'], // then KILL to the process group
      ['startPeriodMs', 'u32'], // failures count only after it, until the first success
      ['startIntervalMs', 'u32'], // in place of the interval while that lasts
      ['retries', 'u32'],
      ['command', 'bytes'], // an `exec`'s payload
    ],
  },
  /** A session of its own, without a command: answered by `stats`, which ends it. */
  statsRequest: { type: 0x0b, fields: [['flags', 'u32']] }, // STATS_FLAGS

  ready: {
    type: 0x41,
    fields: [
      ['generation', 'u32'],
      ['uptimeNs', 'u64'], // guest CLOCK_MONOTONIC
    ],
  },
  /** Bootstrap is done; nanoseconds each phase took. */
  bootstrapped: {
    type: 0x42,
    fields: [
      ['identityNs', 'u64'],
      ['disksNs', 'u64'],
      ['networkNs', 'u64'],
    ],
  },
  failed: {
    type: 0x43,
    fields: [
      ['errno', 'u32'],
      ['stage', 'u32'], // STAGES
      ['message', 'bytes'],
    ],
  },
  started: { type: 0x44, fields: [['pid', 'u32']] }, // in the box's PID namespace
  stdout: { type: 0x45, fields: 'raw' },
  stderr: { type: 0x46, fields: 'raw' },
  exited: {
    type: 0x47,
    fields: [
      ['code', 'u32'], // 0 … 255; 128 + signal when killed
      ['signal', 'u32'], // 0 when it exited
      ['flags', 'u32'], // EXIT_FLAGS
    ],
  },

  /** What `prepare` asked for is done, and written back. */
  prepared: { type: 0x48, fields: [] },
  /** A check has ended. The shim keeps the last of these as they are, in a fact: HEALTH_FACT. */
  health: {
    type: 0x49,
    fields: [
      ['status', 'u8'], // HEALTH_STATUSES
      ['result', 'u8'], // HEALTH_RESULTS
      ['streak', 'u32'], // failures in a row
      ['exitCode', 'u32'],
      ['startNs', 'u64'], // Unix time of the guest
      ['endNs', 'u64'],
      ['output', 'bytes'], // stdout and stderr, at most HEALTH_OUTPUT
    ],
  },
  stats: {
    type: 0x4a,
    fields: [
      ['uptimeNs', 'u64'], // guest CLOCK_MONOTONIC
      ['memoryTotal', 'u64'], // of the machine, bytes
      ['memoryAvailable', 'u64'],
      ['boxMemory', 'u64'], // of the box's processes, without cache that is not in use
      ['boxCache', 'u64'], // that cache
      ['load1', 'u32'], // hundredths
      ['load5', 'u32'],
      ['load15', 'u32'],
      ['processes', 'u32'], // of the box
      ['threads', 'u32'],
      ['cpuNs', 'u64'], // of the box since its machine's start
      ['receivedBytes', 'u64'],
      ['receivedPackets', 'u64'],
      ['sentBytes', 'u64'],
      ['sentPackets', 'u64'],
      ['readBytes', 'u64'], // from its disks, by the box
      ['writtenBytes', 'u64'],
      ['oomKills', 'u32'],
      [
        'list',
        [
          ['pid', 'u32'], // in the box's own numbering, as is the parent's
          ['parent', 'u32'],
          ['uid', 'u32'], // effective, as is the next
          ['gid', 'u32'],
          ['group', 'u32'],
          ['session', 'u32'],
          ['startNs', 'u64'], // since the machine's start
          ['cpuNs', 'u64'],
          ['virtualBytes', 'u64'],
          ['residentBytes', 'u64'],
          ['terminal', 'u32'], // number in /dev/pts plus 1, or 0
          ['foreground', 'u8'], // 1 when its group is the terminal's
          ['state', 'u8'], // its letter in /proc/PID/stat
          ['niceness', 'u8'], // plus 20
          ['threads', 'u32'],
          ['processor', 'u32'],
          ['name', 'bytes'],
          ['command', 'bytes'], // arguments with NULs between, or the name in brackets
        ],
      ],
    ],
  },

  /** Client → shim, session 1: send me main's output from now on, and take my stdin for it. */
  attach: { type: 0x81, fields: [] },
  /** Client → shim: kill the VMM now. */
  killVmm: { type: 0x82, fields: [] },
  /** Client → shim: I fold in the exit myself; run `on_exit` only if I leave without `exitHandled`. */
  ownExit: { type: 0x83, fields: [] },
  exitHandled: { type: 0x84, fields: [] },
  /** Client → shim: hold the VMM's processors. The answer is `welcome` with the phase, or `refused`. */
  pause: { type: 0x85, fields: [] },
  resume: { type: 0x86, fields: [] },
  /** Client → shim: the configuration's `exitDelayMs`, for a box whose policy has changed. */
  exitDelay: { type: 0x87, fields: [['delayMs', 'u32']] },
  /** Shim → client, first frame of a connection; again to all when the box was paused or resumed. */
  welcome: {
    type: 0xc1,
    fields: [
      ['generation', 'u32'],
      ['phase', 'u32'], // SHIM_PHASES
      ['shimPid', 'u32'],
      ['vmmPid', 'u32'],
      ['box', 'bytes'],
    ],
  },
  /** Shim → client: this frame could not be taken (unknown session, too many, box is ending). */
  refused: {
    type: 0xc2,
    fields: [
      ['errno', 'u32'],
      ['message', 'bytes'],
    ],
  },
  /** Shim → client, last frame: the VMM has ended and the facts are on disk. */
  gone: { type: 0xc3, fields: [] },
} as const satisfies Record<string, { type: number; fields: 'raw' | readonly Field[] }>;

export type MessageName = keyof typeof MESSAGES;

export const SHIM_FILE_FLAGS = { READ: 0, WRITE: 1 } as const;
export const SHIM_FLAGS = {
  /** Making a template: no main session, and the VMM dies with the lifeline at any time. */
  TEMPLATE: 1,
  /** The VMM gets an empty network namespace, where the host allows it. */
  NO_NETWORK: 2,
  /** A namespace that the host refuses is the end of the start. */
  NEED_NAMESPACES: 4,
} as const;

export const SHARE_FLAGS = {
  READ_ONLY: 1,
  /** The only one, a directory: exported itself, without a mount namespace. */
  DIRECT: 2,
} as const;

/**
 * The shim's configuration: one message of this table on descriptor 3, which then stays open as the
 * starter's lifeline. The same encoding as the wire, so that the shim needs no second parser.
 */
export const SHIM_CONFIG: readonly Field[] = [
  ['generation', 'u32'],
  ['flags', 'u32'], // SHIM_FLAGS
  ['box', 'bytes'],
  ['directory', 'bytes'], // the box's directory: sockets, facts and logs go there
  ['consoleLimit', 'u32'], // bytes kept of console.log
  ['logMaxBytes', 'u64'], // of a file of the output log; 0 = no limit, else 17 at least
  ['logMaxFiles', 'u32'], // files that are kept of it; 0 = nothing is
  ['argv', ITEM], // the VMM
  ['env', ITEM],
  [
    'files',
    [
      ['fd', 'u32'], // the number the VMM sees
      ['flags', 'u32'], // SHIM_FILE_FLAGS
      ['path', 'bytes'],
    ],
  ],
  ['qmpFd', 'u32'], // listening on qmp.sock
  ['portFd', 'u32'], // the control port, a socket pair
  ['consoleFd', 'u32'], // the serial console, a socket pair
  /** Where users are given to VMMs: a directory; empty = the VMM keeps the caller's. */
  ['idDirectory', 'bytes'],
  ['firstId', 'u32'],
  ['idRanges', 'u32'], // of SHARE_IDS each
  [
    'foreignIds', // somebody else's
    [
      ['first', 'u32'],
      ['last', 'u32'],
    ],
  ],
  ['rlimits', RLIMIT],
  ['preload', 'bytes'], // path of the interposer for the RAM file, or empty
  ['onExit', ITEM], // argv, or empty
  ['onExitEnv', ITEM],
  /**
   * Milliseconds between the box's end and `on_exit`, NO_ON_EXIT = never. 0 runs it at once and on its own;
   * otherwise the shim stays until it has ended, and runs it again when it was killed. After a run of 10 s
   * or more a longer delay is 100 ms.
   */
  ['exitDelayMs', 'u32'],
  ['timeoutMs', 'u32'], // of main, when the guest does not end it; 0 = none
  ['shareFd', 'u32'], // the number in `files` at which the shares are put; of no meaning without any
  [
    'shares',
    [
      ['flags', 'u32'], // SHARE_FLAGS
      ['path', 'bytes'], // without symbolic links
    ],
  ],
];

/** What the shim keeps of the box's health, oldest first: payloads of `health`. */
export const HEALTH_FACT = [['checks', [['value', 'bytes']]]] as const satisfies readonly Field[];
