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
export const GENERATION = 1;

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
} as const;

export const SESSIONS = { CONTROL: 0, MAIN: 1, FIRST_EXEC: 2 } as const;

export const FRAME_FLAGS = {
  /** The message goes on in the next frame of this session and type. */
  MORE: 1,
  /** Last bytes of this stream (stdin). The payload may be empty. */
  EOF: 2,
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
} as const;

export const BOX_FLAGS = { NETWORK: 1, READ_ONLY_ROOT: 2, PRIVILEGED: 4 } as const;

export const EXIT_FLAGS = { OOM: 1, TIMED_OUT: 2 } as const;

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
export const SHIM_PHASES = { STARTING: 1, RUNNING: 2, EXITED: 3 } as const;

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
      ['machineId', 'bytes'], // 32 hex digits
      ['address', 'u32'], // IPv4 as a number: 10.0.2.15 = 0x0a00020f
      ['prefix', 'u8'],
      ['gateway', 'u32'],
      ['dns', 'u32'],
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
      ['user', 'bytes'], // NAME|UID[:GROUP|GID], empty = 0:0; resolved inside the image
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

  /** Client → shim, session 1: send me main's output from now on, and take my stdin for it. */
  attach: { type: 0x81, fields: [] },
  /** Client → shim: kill the VMM now. */
  killVmm: { type: 0x82, fields: [] },
  /** Client → shim: I fold in the exit myself; run `on_exit` only if I leave without `exitHandled`. */
  ownExit: { type: 0x83, fields: [] },
  exitHandled: { type: 0x84, fields: [] },
  /** Shim → client, first frame of a connection. */
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
  ['uid', 'u32'], // 4294967295 = stay who we are
  ['gid', 'u32'],
  ['groups', [['gid', 'u32']]],
  ['rlimits', RLIMIT],
  ['preload', 'bytes'], // path of the interposer for the RAM file, or empty
  ['onExit', ITEM], // argv, or empty
  ['onExitEnv', ITEM],
];
