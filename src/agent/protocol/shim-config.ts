import { type Field, ITEM, RLIMIT } from './field.js';

export const SHIM_FILE_FLAGS = { READ: 0, WRITE: 1 } as const;
export const SHIM_FLAGS = {
  /** For making a template: no main session, and the VMM dies with the lifeline at any time. */
  TEMPLATE: 1,
} as const;

/** Around a VMM, where the host allows it (native/shim/jail builds them), and around its shim (native/shim/own-jail). */
export const WALLS = {
  /** Processes, mounts, network, names and System V objects of its own. */
  NAMESPACES: 1,
  /** A root of its own, which holds `roots`; it needs namespaces. */
  ROOT: 2,
  /** Landlock, whose rules are `roots` and the shares. */
  LANDLOCK: 4,
  /** Only the system calls that it still needs: native/preload/lock.c. The shim ends a VMM that lacks it. */
  CALLS: 8,
  /** A control group of its own (version 2), which bounds memory and threads: native/shim/group. */
  CGROUP: 16,
  /** Of the shim: only what it still needs once its VMM runs, of calls, capabilities and limits. */
  SHIM_CALLS: 32,
  /** Of the shim: Landlock, whose only rule is the box's directory. */
  SHIM_LANDLOCK: 64,
} as const;

export const SHARE_FLAGS = {
  READ_ONLY: 1,
  /** The only share, and a directory: it is exported itself, without a mount namespace. */
  DIRECT: 2,
  /** The guest may have it watched. */
  NOTIFY: 4,
} as const;

/** As in the headers of IP. */
export const IP_PROTOCOLS = { ICMP: 1, TCP: 6, UDP: 17 } as const;

/** Of what a box may reach: native/common/net-control.h explains them. */
export const NET_MODES = { OPEN: 0, PUBLIC: 1, LISTED: 2, INTERNAL: 3 } as const;
export const NET_RULES = { ADDRESS: 0, NAME: 1, BELOW: 2 } as const;

/** A named network that the box is in. */
export const NET_LINK = [
  ['network', 'bytes'], // its id, which names its directory
  ['prefix', 'u32'],
  ['prefixLength', 'u8'],
  ['address', 'u32'],
  ['prefix6', 'bytes'], // 16 bytes each; a /64
  ['address6', 'bytes'],
  ['names', 'bytes'], // of the box, separated by spaces, in lower case
] as const satisfies readonly Field[];

/** A published port. */
export const PUBLISHED_PORT = [
  ['protocol', 'u8'], // IP_PROTOCOLS
  ['hostAddress', 'bytes'], // 4 bytes or 16
  ['hostPort', 'u32'], // 0 = the kernel chooses
  ['boxPort', 'u32'],
] as const satisfies readonly Field[];

/** What a box may reach. */
export const NET_POLICY = [
  ['netMode', 'u32'], // NET_MODES
  ['netReports', 'u32'], // 1 = decisions are reported
  ['hostPorts', [['port', 'u32']]], // TCP ports of the host's loopback, open to the box
  [
    'netRules',
    [
      ['denies', 'u8'], // 0 = allows
      ['kind', 'u8'], // NET_RULES
      ['protocol', 'u8'], // IP_PROTOCOLS, 0 = each
      ['prefixLength', 'u8'], // of 128 bits
      ['firstPort', 'u32'], // 0 and 65535: all
      ['lastPort', 'u32'],
      ['address', 'bytes'], // 16 bytes; IPv6 maps those of IPv4
      ['name', 'bytes'], // empty for a rule of addresses
    ],
  ],
] as const satisfies readonly Field[];

/** Bytes per second that the box may send and receive; 0 = no cap. */
export const NET_RATES = [
  ['netTx', 'u64'],
  ['netRx', 'u64'],
] as const satisfies readonly Field[];

/**
 * The shim's configuration: one message of this table on descriptor 3, which then stays open as the starter's
 * lifeline. It uses the wire's encoding, so the shim needs no second parser.
 */
export const SHIM_CONFIG: readonly Field[] = [
  ['generation', 'u32'],
  ['flags', 'u32'], // SHIM_FLAGS
  ['walls', 'u32'], // WALLS
  ['neededWalls', 'u32'], // the start fails if the host refuses one of these
  ['roots', ITEM], // paths that the VMM may read and execute; missing ones count for nothing
  ['box', 'bytes'],
  ['directory', 'bytes'], // the box's directory: sockets, records and logs go there
  ['consoleLimit', 'u32'], // bytes kept of console.log
  ['logMaxBytes', 'u64'], // per file of the output log; 0 = no limit, else at least 17
  ['logMaxFiles', 'u32'], // files kept of the output log; 0 = no log
  ['argv', ITEM], // the VMM
  ['env', ITEM],
  [
    'files',
    [
      ['fd', 'u32'], // the descriptor's number in the VMM
      ['flags', 'u32'], // SHIM_FILE_FLAGS
      ['path', 'bytes'],
    ],
  ],
  ['qmpFd', 'u32'], // listening on qmp.sock
  ['portFd', 'u32'], // the control port, a socket pair
  ['consoleFd', 'u32'], // the serial console, a socket pair
  /** The directory in which VMMs reserve their users; empty = the VMM keeps the caller's user. */
  ['idDirectory', 'bytes'],
  ['firstId', 'u32'],
  ['idRanges', 'u32'], // of SHARE_IDS each
  [
    'foreignIds', // belongs to another user
    [
      ['first', 'u32'],
      ['last', 'u32'],
    ],
  ],
  ['rlimits', RLIMIT],
  ['groupMemory', 'u64'], // bounds of the VMM's control group, if it has one: bytes
  ['groupTasks', 'u32'],
  ['groupWeight', 'u32'], // of its CPU time, as cpu.weight; 0 = the kernel's default
  ['preload', 'bytes'], // path of the interposer for the RAM file, or empty
  ['onExit', ITEM], // argv, or empty
  ['onExitEnv', ITEM],
  /**
   * Milliseconds between the box's end and `on_exit`, NO_ON_EXIT = never. With 0 the shim runs it at once and
   * does not wait; otherwise the shim stays until it has ended, and runs it again if it was killed. After a
   * run of 10 s or more a longer delay is 100 ms.
   */
  ['exitDelayMs', 'u32'],
  ['timeoutMs', 'u32'], // of main, if the guest does not enforce it; 0 = none
  ['shareFd', 'u32'], // the number in `files` for the shares; ignored without shares
  [
    'shares',
    [
      ['flags', 'u32'], // SHARE_FLAGS
      ['path', 'bytes'], // without symbolic links
    ],
  ],
  /** Path of boxlite-net. Empty = the box has no network; what follows is then 0, empty, and ignored. */
  ['netProgram', 'bytes'],
  ['netFd', 'u32'], // the frames' stream socket in the VMM
  ['macAddress', 'bytes'], // 6 bytes, the box's
  ['address', 'u32'], // IPv4 as a number: 10.0.2.15 = 0x0a00020f
  ['prefix', 'u32'],
  ['prefixLength', 'u8'],
  ['gateway', 'u32'],
  ['resolver', 'u32'],
  ['address6', 'bytes'], // 16 bytes each
  ['prefix6', 'bytes'], // a /64
  ['gateway6', 'bytes'],
  ['resolver6', 'bytes'],
  ['mtu', 'u32'],
  ['ports', PUBLISHED_PORT], // the shim binds them before it starts anything
  ...NET_POLICY,
  ...NET_RATES,
  ['networkDirectory', 'bytes'], // of the named networks; each has a directory there, by its id
  ['hubProgram', 'bytes'], // path of boxlite-hub; both may be empty if the box is in no named network
  ['links', NET_LINK], // MAX_LINKS at most
];
