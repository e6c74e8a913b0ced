import { RESTART_DELAYS } from '../../agent/protocol.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isStopped } from '../../store/status.js';
import { restartPolicyOf } from '../spec/stored-spec.js';

/** Milliseconds that a box's shim waits before the first restart. */
export const FIRST_DELAY_MS = RESTART_DELAYS.FIRST_MS;

type Ended = Pick<
  BoxRecord,
  'status' | 'wanted' | 'options' | 'exitCode' | 'restartCount' | 'startedAt'
>;

/** Whether the box's policy requires a restart: it has ended, and no user ended it. */
export function isRestartDue(record: Ended): boolean {
  if (!isStopped(record.status) || !record.wanted || record.startedAt === null) return false;
  const { name, maximumRetryCount } = restartPolicyOf(record.options);
  switch (name) {
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      if (record.exitCode === 0) return false;
      return maximumRetryCount === 0 || record.restartCount < maximumRetryCount;
  }
}

/** Whether the last start was the policy's own: only restarts have more than the first delay. */
export function isAutomatic({ restartDelayMs }: { restartDelayMs: number }): boolean {
  return restartDelayMs > FIRST_DELAY_MS;
}

/**
 * Milliseconds that the shim of a restarted run waits: twice the last delay (the shim itself shortens it
 * after a long run). Always more than the first delay, even if the database has none because an update set
 * the policy: `isAutomatic` recognizes restarts by that.
 */
export function nextDelayMs(last: {
  restartDelayMs: number;
  startedAt: number | null;
  finishedAt: number | null;
}): number {
  const ranMs = (last.finishedAt ?? 0) - (last.startedAt ?? 0);
  const waitedMs = ranMs >= RESTART_DELAYS.LONG_RUN_MS ? FIRST_DELAY_MS : last.restartDelayMs;
  return Math.min(Math.max(waitedMs, FIRST_DELAY_MS) * 2, RESTART_DELAYS.LONGEST_MS);
}
