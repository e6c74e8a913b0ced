import type { MessageTable } from './field.js';

/**
 * Changes that the host makes in a volume, between the shim and the agent; no client sends or gets one. The agent
 * asks for each directory that a process of the box watches, and answers for the box's inotify.
 */
export const NOTIFY_MESSAGES = {
  /** Shim → agent: `watch` is done, or why not. */
  watched: {
    type: 0x0e,
    fields: [
      ['id', 'u32'],
      ['errno', 'u32'], // the host's; 0 = it is watched
    ],
  },
  /** Shim → agent: what has happened, in order. The next one follows when `changesTaken` has come. */
  changes: {
    type: 0x0f,
    fields: [
      [
        'changes',
        [
          ['id', 'u32'], // of what is watched; 0 with IN_Q_OVERFLOW
          ['mask', 'u32'], // Linux's IN_*
          ['cookie', 'u32'],
          ['name', 'bytes'], // empty: of the directory itself
        ],
      ],
    ],
  },
  /** Agent → shim: watch this directory, or a volume that is a file. */
  watch: {
    type: 0x4c,
    fields: [
      ['id', 'u32'], // the agent's, and not 0
      ['share', 'u32'], // its number
      ['path', 'bytes'], // below the share; empty = the share itself
    ],
  },
  unwatch: { type: 0x4d, fields: [['id', 'u32']] },
  changesTaken: { type: 0x4e, fields: [] },
} as const satisfies MessageTable;
