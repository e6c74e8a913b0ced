import { type Field, ITEM, RLIMIT } from './field.js';

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
  ['directory', 'bytes'], // the box's directory: sockets, records and logs go there
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
