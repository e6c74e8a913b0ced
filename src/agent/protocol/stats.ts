import type { MessageTable } from './field.js';

export const STATS_FLAGS = {
  /** Each process of the box as well. */
  PROCESSES: 1,
} as const;

export const STATS_MESSAGES = {
  /** Opens a session of its own, without a command; the answer, `stats`, ends it. */
  statsRequest: { type: 0x0b, fields: [['flags', 'u32']] }, // STATS_FLAGS
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
} as const satisfies MessageTable;
