import type { BoxRecord } from '../../store/box-record.js';
import { type BoxStatus, isActive } from '../../store/status.js';

/** What changes of a box during its life, and what names it inside. */
export interface BoxState {
  status: BoxStatus;
  /** Of the VMM; undefined when the box does not run. */
  pid: number | undefined;
  /** 64 hex digits, the same for all of the box's life. */
  containerId: string | undefined;
  /** Of the last change of anything that is kept of the box. */
  lastUpdated: Date;
  /** Unique among the boxes of a home, and as small as possible. */
  lockId: number | undefined;
}

export function boxState(record: BoxRecord): BoxState {
  return {
    status: record.status,
    pid: isActive(record.status) ? (record.pid ?? undefined) : undefined,
    containerId: record.containerId,
    lastUpdated: new Date(record.updatedAt),
    lockId: record.lockId,
  };
}
