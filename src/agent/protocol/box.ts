import type { Field, MessageTable } from './field.js';

export const BOX_FLAGS = {
  NETWORK: 1,
  READ_ONLY_ROOT: 2,
  PRIVILEGED: 4,
  /** The kernel's files in /proc and /sys are neither hidden nor read-only. */
  UNMASKED: 8,
  /** /dev/shm is an ordinary directory. */
  NO_SHM: 16,
} as const;

/** The device kinds and accesses of the box's device policy: Linux's BPF_DEVCG_*. */
export const DEVICE_KINDS = { BLOCK: 1, CHARACTER: 2 } as const;
export const DEVICE_ACCESS = { MKNOD: 1, READ: 2, WRITE: 4 } as const;
/** In place of a major or minor number. */
export const ANY_DEVICE = 4_294_967_295;

export const MOUNT_KINDS = {
  TMPFS: 1,
  SHARE: 2,
  DISK: 3,
  /** The modules of the machine's kernel; the kernel loads from there, too, what it asks for itself. */
  MODULES: 4,
  /** The file system of an image, read-only. */
  IMAGE: 5,
} as const;

/** Where a start failed. Boot errors show these stages to the user. */
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

/** A box's address in one network. */
const ADDRESS = [
  ['address', 'u32'], // IPv4 as a number: 10.0.2.15 = 0x0a00020f
  ['prefix', 'u8'],
  ['address6', 'bytes'], // 16 bytes
  ['prefix6', 'u8'],
] as const satisfies readonly Field[];

/** Messages that turn a machine into the box, and end it. */
export const BOX_MESSAGES = {
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
      ['address6', 'bytes'], // 16 bytes
      ['prefix6', 'u8'],
      ['gateway6', 'bytes'], // 16 bytes
      ['mtu', 'u32'],
      ['addresses', ADDRESS], // in other networks than the primary one
      ['mac', 'bytes'], // 6 bytes, or none: the device's own
      ['resolvConf', 'bytes'], // the whole file
      ['hosts', 'bytes'], // lines to add to /etc/hosts
      ['shmBytes', 'u64'],
      ['pidsMax', 'u32'], // 0 = no limit
      [
        'mounts',
        [
          ['kind', 'u8'], // MOUNT_KINDS
          ['source', 'bytes'], // entry of the export; the disk's serial
          ['target', 'bytes'],
          ['flags', 'u32'], // Linux's MS_*
          ['options', 'bytes'], // of a tmpfs; otherwise the volume's or image's name for messages, or nothing
          ['subpath', 'bytes'], // what to mount of a volume or image; empty = all
          ['copyUp', 'u8'], // 1 = if the volume is empty, it gets what the image has at the target
          ['notify', 'u32'], // of a volume whose changes on the host the box notices: its number among the shim's shares, plus 1
        ],
      ],
      [
        'sysctls', // in the order of writing
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
          ['path', 'bytes'], // path of the node in the box; empty = only the rule
          ['kind', 'u8'], // DEVICE_KINDS
          ['access', 'u8'], // DEVICE_ACCESS
          ['major', 'u32'], // or ANY_DEVICE; of a node, a device that the machine has
          ['minor', 'u32'],
          ['mode', 'u32'], // of the node
        ],
      ],
    ],
  },
  /** End everything in the box, write back, power off. */
  shutdown: { type: 0x08, fields: [] },
  /**
   * Before bootstrap, to a machine that will become an image's template: do what is the same for every new
   * box of the image (disks, root file system, this network).
   */
  prepare: {
    type: 0x09,
    fields: [
      ['generation', 'u32'],
      ['address', 'u32'],
      ['prefix', 'u8'],
      ['gateway', 'u32'],
      ['address6', 'bytes'],
      ['prefix6', 'u8'],
      ['gateway6', 'bytes'],
      ['mtu', 'u32'],
    ],
  },
  /**
   * While the box runs: its interface gets an address, or loses one, with the network's route. Opens a session
   * of its own, without a command; the answer, `netAddressed`, ends it.
   */
  netAddress: {
    type: 0x0c,
    fields: [
      ['add', 'u8'], // 0 = remove
      ...ADDRESS,
    ],
  },
  /** From the shim while the box runs: its network has ended, so its interface goes down. Not answered. */
  netLost: { type: 0x0d, fields: [] },
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
  /** `prepare` is done, and its changes are written back. */
  prepared: { type: 0x48, fields: [] },
  netAddressed: { type: 0x4b, fields: [] },
} as const satisfies MessageTable;
