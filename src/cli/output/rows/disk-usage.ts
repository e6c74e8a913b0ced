import type { DiskUsage } from '../../../engine/images/disk-usage.js';
import type { ListRow } from '../terminal/list.js';
import { humanSize } from '../text/size.js';

export const USAGE_HEADERS: Readonly<Record<string, string>> = {
  Type: 'TYPE',
  TotalCount: 'TOTAL',
  Active: 'ACTIVE',
  Size: 'SIZE',
  Reclaimable: 'RECLAIMABLE',
};

export const USAGE_COLUMNS = Object.keys(USAGE_HEADERS);

/** Docker's four kinds, and one of ours. BoxLite does not build images. */
export function usageRows(usage: DiskUsage): ListRow[] {
  const { images, boxes, volumes } = usage;
  const unused = volumes.filter(({ volume }) => volume.boxes.length === 0);
  const boxBytes = sum(boxes.map(({ bytes }) => bytes));
  const idleBytes = sum(boxes.filter(({ active }) => !active).map(({ bytes }) => bytes));
  return [
    usageRow(
      'Images',
      images.length,
      images.filter((image) => image.boxes > 0).length,
      usage.imageBytes,
      usage.reclaimableImageBytes,
    ),
    usageRow(
      'Containers',
      boxes.length,
      boxes.filter(({ active }) => active).length,
      boxBytes,
      idleBytes,
    ),
    usageRow(
      'Local Volumes',
      volumes.length,
      volumes.length - unused.length,
      sum(volumes.map(({ bytes }) => bytes)),
      sum(unused.map(({ bytes }) => bytes)),
    ),
    usageRow('Build Cache', 0, 0, 0, 0),
    // No command removes templates: BoxLite does so itself.
    usageRow('Templates', usage.templates.count, usage.templates.active, usage.templates.bytes, 0),
  ];
}

function usageRow(
  type: string,
  total: number,
  active: number,
  bytes: number,
  reclaimable: number,
): ListRow {
  const share = bytes > 0 ? ` (${Math.floor((reclaimable * 100) / bytes)}%)` : '';
  return {
    Active: String(active),
    Reclaimable: `${humanSize(reclaimable)}${share}`,
    Size: humanSize(bytes),
    TotalCount: String(total),
    Type: type,
  };
}

/** Docker's `--format raw`. */
export const USAGE_RAW = {
  lines:
    'type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\n' +
    'reclaimable: {{.Reclaimable}}\n',
  quiet: '',
};

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
