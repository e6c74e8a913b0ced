import { ITEM, type MessageTable, RLIMIT } from './field.js';

export const EXEC_FLAGS = {
  TTY: 1,
  /** The caller will send stdin; without it the command reads /dev/null (or a terminal without input). */
  STDIN: 2,
  /** Main without a command: PID 1 only reaps and waits. */
  IDLE: 4,
  PRIVILEGED: 8,
  /** Main runs under an init that forwards signals and reaps. */
  INIT: 16,
  /** Create `cwd` if it is missing (the image's WorkingDir, or -w). */
  MAKE_CWD: 32,
  /**
   * No command: the session's stdout is the box's file system as a tar, without mounted file systems. It may
   * begin before main.
   */
  ARCHIVE: 64,
  /**
   * No command: the session's stdout is a tar of a path in the box, with all of the box's mounts in place.
   * argv is that of native/archive/command.h. Like ARCHIVE, PACK and UNPACK may begin before main.
   */
  PACK: 128,
  /** No command: the agent unpacks the session's stdin, a tar, in the box. */
  UNPACK: 256,
  /** With ARCHIVE: only what the box has changed, as a layer of an image. */
  LAYER: 512,
  /** With ARCHIVE: only the names of what the box has changed: `A`, `C` or `D`, a path, a NUL each. */
  CHANGES: 1024,
  /** With ARCHIVE: the box is frozen meanwhile. */
  FREEZE: 2048,
  /** Without the system call filter that commands have. */
  UNCONFINED: 4096,
  /** Neither set-user-ID programs nor file capabilities raise the command's privileges. */
  NO_NEW_PRIVILEGES: 8192,
} as const;

export const EXIT_FLAGS = { OOM: 1, TIMED_OUT: 2 } as const;

/** Between a session and its client. */
export const SESSION_MESSAGES = {
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
} as const satisfies MessageTable;
