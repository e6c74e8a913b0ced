import type { ImageInfo } from '../../engine/images.js';
import { BoxliteError } from '../../errors.js';
import { defineCommand, flag, list, value } from '../command.js';
import { filterText } from '../flags/filters.js';
import { IMAGE_FILTER_KEYS, parseImageFilters } from '../flags/image-filters.js';
import { IMAGE_COLUMNS, IMAGE_HEADERS, imageRow, matchesReference } from '../output/image-row.js';
import { printList } from '../output/list.js';
import { REFUSED_BY_IMAGES } from '../refused-flags.js';

export const images = defineCommand({
  name: 'images',
  aliases: ['image ls', 'image list'],
  group: 'images',
  summary: 'List images',
  description: 'Filters: dangling, label, before, since, until, reference.',
  args: [
    {
      name: 'REPOSITORY[:TAG]',
      summary: 'Only images of this name; * stands for any part of it',
      optional: true,
      complete: 'image',
    },
  ],
  options: {
    ...REFUSED_BY_IMAGES,
    all: flag('All images (none is hidden; for scripts)', { short: 'a' }),
    quiet: flag('Only ids', { short: 'q' }),
    digests: flag('Digests, too'),
    'no-trunc': flag('Whole ids'),
    filter: list('Only images that match', 'KEY=VALUE', {
      short: 'f',
      complete: IMAGE_FILTER_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
    format: value("table, json, or a template such as '{{.Repository}}:{{.Tag}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [{ command: 'boxlite images -q --filter dangling=true', what: 'Ids without a name' }],
  async run(context, [pattern], options) {
    const runtime = await context.runtime();
    const all = await runtime.listImages();
    const now = context.now();
    const labelsOf = async (image: ImageInfo): Promise<Record<string, string>> => {
      const details = await runtime.inspectImage(image.reference ?? image.id);
      if (details === undefined)
        throw new BoxliteError('image-not-found', `No such image: ${image.reference ?? image.id}`);
      return details.config.labels;
    };
    const matches = parseImageFilters(options.filter, all, labelsOf, now);
    const shown: ImageInfo[] = [];
    for (const image of all) {
      const named = pattern === undefined || matchesReference(image, pattern);
      if (named && (await matches(image))) shown.push(image);
    }
    const rows = shown.map((image) => imageRow(image, now, !options['no-trunc']));
    const unique = options.quiet ? rows.filter((row, i) => firstOf(rows, row.ID) === i) : rows;
    await printList(context, unique, {
      headers: IMAGE_HEADERS,
      columns: options.digests ? [...IMAGE_COLUMNS].toSpliced(2, 0, 'Digest') : IMAGE_COLUMNS,
      format: options.format ?? context.settings.imagesFormat,
      quiet: options.quiet,
      quietField: 'ID',
      whole: options['no-trunc'],
    });
    return 0;
  },
});

/** An image with two names is one id. */
function firstOf(rows: readonly { ID: string }[], id: string): number {
  return rows.findIndex((row) => row.ID === id);
}
