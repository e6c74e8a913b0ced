import { noSuchImage } from '../../../engine/images/error.js';
import type { ImageInfo } from '../../../engine/images/images.js';
import { matchesReference } from '../../output/rows/image-row.js';
import type { KeyCompletion } from '../../parse/command.js';
import { parseMoment } from '../time.js';
import { labelTest, parseFilters } from './filters.js';
import { parseBoolean } from './prune-filters.js';

/** The keys and values that the shells offer. */
export const IMAGE_FILTER_KEYS: KeyCompletion = {
  keys: {
    dangling: ['true', 'false'],
    label: undefined,
    before: 'image',
    since: 'image',
    until: undefined,
    reference: 'image',
  },
};

interface Candidate {
  readonly image: ImageInfo;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * @param images all images: `before` and `since` name one of them
 * @param labelsOf reads an image's labels; called only when a filter needs them
 */
export function parseImageFilters(
  filters: readonly string[],
  images: readonly ImageInfo[],
  labelsOf: (image: ImageInfo) => Promise<Readonly<Record<string, string>>>,
  now: Date,
): (image: ImageInfo) => Promise<boolean> {
  const matches = parseFilters<Candidate>(filters, {
    dangling: (value) => {
      const wanted = parseBoolean('dangling', value);
      return ({ image }) => (image.reference === undefined) === wanted;
    },
    label: (value) => {
      const test = labelTest(value);
      return ({ labels }) => test(labels);
    },
    before: (value) => {
      const other = namedImage(images, value);
      return ({ image }) => image.createdAt < other.createdAt;
    },
    since: (value) => {
      const other = namedImage(images, value);
      return ({ image }) => image.createdAt > other.createdAt;
    },
    until: (value) => {
      const moment = parseMoment(value, now);
      return ({ image }) => image.createdAt < moment;
    },
    reference:
      (value) =>
      ({ image }) =>
        matchesReference(image, value),
  });
  const needsLabels = filters.some((text) => text.startsWith('label='));
  return async (image) => matches({ image, labels: needsLabels ? await labelsOf(image) : {} });
}

function namedImage(images: readonly ImageInfo[], value: string): ImageInfo {
  const id = value.replace(/^sha256:/, '');
  const found =
    images.find((image) =>
      matchesReference(image, value.includes(':') ? value : `${value}:latest`),
    ) ?? images.find((image) => id !== '' && image.id.startsWith(`sha256:${id}`));
  if (found === undefined) throw noSuchImage(value);
  return found;
}
