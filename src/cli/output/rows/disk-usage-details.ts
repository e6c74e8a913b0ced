/** `system df -v`: each image, each box and each volume. */
import type { DiskUsage } from '../../../engine/images/disk-usage.js';
import { compileTemplate } from '../template.js';
import { type ListRow, renderFitting, type TableOutput } from '../terminal/list.js';
import { familiarReference, shortId, splitTag } from '../text/reference.js';
import { humanSize } from '../text/size.js';
import { goTime } from '../text/timestamp.js';
import { ago, BOX_HEADERS, BOX_RAW, boxRow } from './box-row.js';
import { usageRows } from './disk-usage.js';
import { IMAGE_RAW_DIGESTS } from './image-row.js';
import { volumeRow } from './volume-row.js';

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

/** Docker's columns, and those that fit on narrower terminals. */
const IMAGE_COLUMNS = [
  Object.keys(IMAGE_HEADERS),
  ['Repository', 'Tag', 'Size', 'SharedSize', 'UniqueSize'],
  ['Repository', 'Tag', 'Size'],
];
const BOX_COLUMNS = [
  ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'],
  ['Image', 'Size', 'Status', 'Names'],
  ['Size', 'Names'],
];

/** The tables, each below its title. */
export async function usageTables(
  usage: DiskUsage,
  now: Date,
  output: TableOutput,
): Promise<string> {
  const headers = { ...BOX_HEADERS, Size: 'SIZE' };
  const images = await renderFitting(
    imageRows(usage, now, true),
    IMAGE_HEADERS,
    IMAGE_COLUMNS,
    output,
  );
  const boxes = await renderFitting(boxRows(usage, now, true), headers, BOX_COLUMNS, output);
  const volumes = await renderFitting(
    volumeRows(usage),
    { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' },
    [['Name', 'Links', 'Size']],
    output,
  );
  return (
    `Images space usage:\n\n${images}\nContainers space usage:\n\n${boxes}\n` +
    `Local Volumes space usage:\n\n${volumes}\nBuild cache usage: 0B\n\n` +
    `Templates usage: ${humanSize(usage.templates.bytes)}\n`
  );
}

const RAW =
  `{{range .Images}}type: Image\n${IMAGE_RAW_DIGESTS.lines}\n{{end}}` +
  `{{range .Containers}}type: Container\n${BOX_RAW.lines}size: {{.Size}}\n\n{{end}}`;

/**
 * Applies one template to everything, as Docker does: lists of `Images`, `Containers`, `Volumes` and
 * `BuildCache`, with full ids. BoxLite does not build images.
 * @throws TemplateError
 */
export function usageDetails(usage: DiskUsage, now: Date, format: string, onScreen?: boolean) {
  const template = compileTemplate(format === 'raw' ? RAW : format, onScreen);
  return template.render({
    Images: imageRows(usage, now, false),
    Containers: boxRows(usage, now, false),
    Volumes: volumeRows(usage),
    BuildCache: [],
    Templates: usageRows(usage).at(-1),
  });
}

function boxRows({ boxes }: DiskUsage, now: Date, truncate: boolean): ListRow[] {
  return boxes.map(({ box, bytes }) => ({
    ...boxRow(box, now, truncate),
    Size: humanSize(bytes),
  }));
}

const volumeRows = ({ volumes }: DiskUsage): ListRow[] =>
  volumes.map(({ volume, bytes }) =>
    volumeRow(volume, { links: String(volume.boxes.length), size: humanSize(bytes) }),
  );

/** An image has a row for each of its names, as in `images`. */
function imageRows({ images }: DiskUsage, now: Date, truncate: boolean): ListRow[] {
  return images.flatMap((image) => {
    const names = image.references.length === 0 ? [undefined] : image.references;
    return names.map((reference): ListRow => {
      const [repository, tag] =
        reference === undefined ? ['<none>', '<none>'] : splitTag(familiarReference(reference));
      return {
        Containers: String(image.boxes),
        CreatedAt: goTime(image.createdAt),
        CreatedSince: ago(image.createdAt, now),
        Digest: '',
        ID: truncate ? shortId(image.id) : image.id,
        Repository: repository,
        SharedSize: humanSize(image.sharedBytes),
        Size: humanSize(image.bytes),
        Tag: tag,
        UniqueSize: humanSize(image.bytes - image.sharedBytes),
      };
    });
  });
}
