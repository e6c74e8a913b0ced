import type { DiskUsage } from '../../engine/disk-usage.js';
import { ago, BOX_HEADERS, boxRow } from './box-row.js';
import { type ListRow, renderColumns } from './list.js';
import { familiarReference, shortId, splitTag } from './reference.js';
import { humanSize } from './size.js';

export const USAGE_HEADERS: Readonly<Record<string, string>> = {
  Type: 'TYPE',
  TotalCount: 'TOTAL',
  Active: 'ACTIVE',
  Size: 'SIZE',
  Reclaimable: 'RECLAIMABLE',
};

export const USAGE_COLUMNS = Object.keys(USAGE_HEADERS);

/** Docker's four kinds, and one of ours. There are no volumes yet, and builds are not ours. */
export function usageRows(usage: DiskUsage): ListRow[] {
  const { images, boxes } = usage;
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
    usageRow('Local Volumes', 0, 0, 0, 0),
    usageRow('Build Cache', 0, 0, 0, 0),
    // No command removes them: BoxLite does itself.
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
    Type: type,
    TotalCount: String(total),
    Active: String(active),
    Size: humanSize(bytes),
    Reclaimable: `${humanSize(reclaimable)}${share}`,
  };
}

const IMAGE_HEADERS = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  Size: 'SIZE',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
  Containers: 'CONTAINERS',
};

const USED_BOX_COLUMNS = [
  'ID',
  'Image',
  'Command',
  'LocalVolumes',
  'Size',
  'RunningFor',
  'Status',
  'Names',
];

/** The tables of `-v`, each under its title. */
export function usageDetails(
  usage: DiskUsage,
  now: Date,
  output: { isTTY?: boolean; columns?: number },
): string {
  const table = (
    headers: Readonly<Record<string, string>>,
    columns: readonly string[],
    rows: readonly ListRow[],
  ): string => renderColumns(rows, { headers, columns }, output);
  const boxes = usage.boxes.map(({ box, bytes }) => ({
    ...boxRow(box, now, true),
    Size: humanSize(bytes),
  }));
  const images = table(IMAGE_HEADERS, Object.keys(IMAGE_HEADERS), imageRows(usage, now));
  const containers = table({ ...BOX_HEADERS, Size: 'SIZE' }, USED_BOX_COLUMNS, boxes);
  return (
    `Images space usage:\n\n${images}\n` +
    `Containers space usage:\n\n${containers}\n` +
    `Local Volumes space usage:\n\n${table({ Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' }, ['Name', 'Links', 'Size'], [])}\n` +
    'Build cache usage: 0B\n\n' +
    `Templates usage: ${humanSize(usage.templates.bytes)}\n`
  );
}

/** An image has a row for each of its names, as it has in `images`. */
function imageRows({ images }: DiskUsage, now: Date): ListRow[] {
  return images.flatMap((image) => {
    const names = image.references.length === 0 ? [undefined] : image.references;
    return names.map((reference) => {
      const [repository, tag] =
        reference === undefined ? ['<none>', '<none>'] : splitTag(familiarReference(reference));
      return {
        Repository: repository,
        Tag: tag,
        ID: shortId(image.id),
        CreatedSince: ago(image.createdAt, now),
        Size: humanSize(image.bytes),
        SharedSize: humanSize(image.sharedBytes),
        UniqueSize: humanSize(image.bytes - image.sharedBytes),
        Containers: String(image.boxes),
      };
    });
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
