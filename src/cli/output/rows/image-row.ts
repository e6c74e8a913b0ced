import type { ImageInfo } from '../../../engine/images/images.js';
import { familiarReference, shortId } from '../text/reference.js';
import { humanSize } from '../text/size.js';
import { goTime } from '../text/timestamp.js';
import { ago } from './box-row.js';

export const IMAGE_HEADERS: Readonly<Record<string, string>> = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Platform: 'PLATFORM',
  Containers: 'CONTAINERS',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'SIZE',
};

export const IMAGE_COLUMNS: readonly string[] = ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size'];

/** The columns that fit on narrower terminals. */
export const NARROWER_IMAGE_COLUMNS: readonly (readonly string[])[] = [
  ['Repository', 'Tag', 'ID', 'Size'],
  ['Repository', 'Tag', 'Size'],
];

/** Docker's `--format raw`. */
export const IMAGE_RAW = {
  lines:
    'repository: {{.Repository}}\ntag: {{.Tag}}\nimage_id: {{.ID}}\n' +
    'created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n',
  quiet: 'image_id: {{.ID}}',
};
/** Docker's `--format raw` with `--digests`. */
export const IMAGE_RAW_DIGESTS = {
  ...IMAGE_RAW,
  lines: IMAGE_RAW.lines.replace('image_id', 'digest: {{.Digest}}\nimage_id'),
};

const NONE = '<none>';

/** An image as `images` shows it, with Docker's field names. */
export function imageRow(
  image: ImageInfo,
  now: Date,
  truncate: boolean,
): Record<keyof typeof IMAGE_HEADERS, string> & { ID: string } {
  const size = humanSize(image.sizeBytes);
  return {
    // Only `system df -v` walks the store for these.
    Containers: 'N/A',
    CreatedAt: goTime(image.createdAt),
    CreatedSince: ago(image.createdAt, now),
    Digest: image.digest === '' ? NONE : image.digest,
    ID: truncate ? shortId(image.id) : image.id,
    Platform: image.platform,
    Repository: image.reference === undefined ? NONE : image.repository,
    SharedSize: 'N/A',
    Size: size,
    Tag: image.tag ?? NONE,
    UniqueSize: 'N/A',
    VirtualSize: size,
  };
}

/** Whether a name, with or without a tag, belongs to the image; `*` and `?` match anything but a slash. */
export function matchesReference(image: ImageInfo, pattern: string): boolean {
  if (image.reference === undefined) return false;
  const name = familiarReference(pattern);
  const full = `${image.repository}:${image.tag ?? ''}`;
  const candidates = [image.repository, full].flatMap((each) => [
    each,
    each.replace(/^localhost\//, ''),
  ]);
  const glob = new RegExp(`^${Array.from(name, globPart).join('')}$`);
  return candidates.some((candidate) => glob.test(candidate));
}

function globPart(character: string): string {
  if (character === '*') return '[^/]*';
  if (character === '?') return '[^/]';
  return character.replace(/[\\^$.|+()[\]{}]/, '\\$&');
}
