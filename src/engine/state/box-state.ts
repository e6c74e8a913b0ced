import type { BoxRecord } from '../../store/box-record.js';
import { type BoxStatus, isActive } from '../../store/status.js';

/** The changing state of a box, and its internal ids. */
export interface BoxState {
  status: BoxStatus;
  /** Pid of the VMM; undefined if the box does not run. */
  pid: number | undefined;
  /** 64 hex digits, the same for all of the box's life. */
  containerId: string | undefined;
  /** When anything stored about the box last changed. */
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
