import type { BoxRecord } from '../store/box-record.js';
import type { BoxStatus } from '../store/status.js';
import { specOf } from './box-spec.js';

export type { BoxStatus } from '../store/status.js';

/** What is publicly known of a box, as it was when asked. */
export interface BoxInfo {
  /** ULID, lower case. */
  id: string;
  name: string | undefined;
  status: BoxStatus;
  createdAt: Date;
  lastUpdated: Date;
  /** Of the VMM; undefined when the box does not run. */
  pid: number | undefined;
  /** As the user wrote it. */
  image: string;
  /** Digest of the image's configuration. */
  imageId: string | undefined;
  /** Entrypoint and command. */
  command: string[];
  cpus: number;
  memoryMib: number;
  labels: Record<string, string>;
  exitCode: number | undefined;
  oomKilled: boolean;
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  autoRemove: boolean;
  tty: boolean;
  stdinOpen: boolean;
}

export function boxInfo(record: BoxRecord): BoxInfo {
  const spec = specOf(record.options);
  return {
    id: record.id,
    name: record.name ?? undefined,
    status: record.status,
    createdAt: new Date(record.createdAt),
    lastUpdated: new Date(record.updatedAt),
    pid: record.pid ?? undefined,
    image: record.image,
    imageId: record.imageId ?? undefined,
    command: spec.argv,
    cpus: spec.cpus,
    memoryMib: spec.memoryMib,
    labels: spec.labels,
    exitCode: record.exitCode ?? undefined,
    oomKilled: record.oomKilled,
    startedAt: dateOf(record.startedAt),
    finishedAt: dateOf(record.finishedAt),
    autoRemove: record.autoRemove,
    tty: spec.tty,
    stdinOpen: spec.stdin,
  };
}

const dateOf = (ms: number | null): Date | undefined => (ms === null ? undefined : new Date(ms));
