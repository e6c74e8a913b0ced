import type { Field, MessageTable } from './field.js';

/** The health of a box after a check. */
export const HEALTH_STATUSES = { STARTING: 1, HEALTHY: 2, UNHEALTHY: 3 } as const;

/** How a check of a box's health ended; only EXITED has an exit code. */
export const HEALTH_RESULTS = { EXITED: 0, TIMED_OUT: 1, FAILED: 2 } as const;

export const HEALTH_MESSAGES = {
  /**
   * After bootstrap and before main: the agent runs this check from main's start on, as long as main runs. A
   * time of 0 stands for 0, not for a default.
   */
  healthcheck: {
    type: 0x0a,
    fields: [
      ['intervalMs', 'u32'], // from the end of one check to the next
      ['timeoutMs', 'u32'], // then KILL to the process group
      ['startPeriodMs', 'u32'], // failures count only after it, until the first success
      ['startIntervalMs', 'u32'], // in place of the interval during startPeriod
      ['retries', 'u32'],
      ['command', 'bytes'], // an `exec`'s payload
    ],
  },
  /** A check has ended. The shim keeps the last of these unchanged in a record: HEALTH_RECORD. */
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
} as const satisfies MessageTable;

/** What the shim keeps of the box's health, oldest first: payloads of `health`. */
export const HEALTH_RECORD = [['checks', [['value', 'bytes']]]] as const satisfies readonly Field[];
