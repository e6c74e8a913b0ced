import type { BoxMetrics } from '../../../engine/report/metrics.js';
import type { ListRow } from '../terminal/list.js';
import { shortId } from '../text/reference.js';
import { bytesSize, humanSize } from '../text/size.js';

export const STATS_HEADERS: Readonly<Record<string, string>> = {
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
  HostCPUPerc: 'HOST CPU %',
  HostMem: 'HOST MEM',
};

/** Docker's placeholder. */
const NO_NAME = '--';

/** Docker's columns. */
export const STATS_COLUMNS = [
  'ID',
  'Name',
  'CPUPerc',
  'MemUsage',
  'MemPerc',
  'NetIO',
  'BlockIO',
  'PIDs',
];

/**
 * A box as `stats` shows it, with Docker's field names; a stopped box uses nothing.
 * @param asked the name that the user gave
 */
export function statsRow(
  box: { id: string; name: string | undefined },
  metrics: BoxMetrics,
  truncate: boolean,
  asked?: string,
): ListRow {
  const { guest, host } = metrics;
  const limit = guest === undefined ? 0 : metrics.memoryLimitBytes;
  const id = truncate ? shortId(box.id) : box.id;
  return {
    BlockIO: pair(humanSize, metrics.blockBytesRead, metrics.blockBytesWritten),
    CPUPerc: percent(metrics.cpuPercent),
    Container: asked ?? id,
    ID: id,
    MemPerc: percent(metrics.memoryPercent),
    MemUsage: pair(bytesSize, metrics.memoryBytes, limit),
    Name: box.name ?? NO_NAME,
    NetIO: pair(humanSize, metrics.networkBytesReceived, metrics.networkBytesSent),
    PIDs: String(guest?.threads ?? 0),
    HostCPUPerc: percent(host?.cpuPercent),
    HostMem: bytesSize((host?.vmm.pssBytes ?? 0) + (host?.shim?.pssBytes ?? 0)),
  };
}

const percent = (value: number | undefined): string => `${(value ?? 0).toFixed(2)}%`;

const pair = (size: (bytes: number) => string, a: number | undefined, b: number | undefined) =>
  `${size(a ?? 0)} / ${size(b ?? 0)}`;
