import type { ImageInfo } from '../../../engine/images/images.js';
import { BoxliteError } from '../../../errors.js';
import { filterText } from '../../flags/filters/filters.js';
import { IMAGE_FILTER_KEYS, parseImageFilters } from '../../flags/filters/image-filters.js';
import {
  IMAGE_COLUMNS,
  IMAGE_HEADERS,
  IMAGE_RAW,
  IMAGE_RAW_DIGESTS,
  imageRow,
  matchesReference,
  NARROWER_IMAGE_COLUMNS,
} from '../../output/rows/image-row.js';
import { printList } from '../../output/terminal/list.js';
import { defineCommand, flag, list, value } from '../../parse/command.js';
import { REFUSED_BY_IMAGES } from '../../parse/refused-flags.js';

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
    format: value("table, json, raw, or a template such as '{{.Repository}}:{{.Tag}}'", 'FORMAT', {
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
    const format = formatOf(options, context.settings.imagesFormat);
    const unique = isQuiet(options.quiet, format)
      ? rows.filter((row, i) => firstOf(rows, row.ID) === i)
      : rows;
    const withDigest = (columns: readonly string[]): readonly string[] =>
      options.digests ? [...columns.slice(0, 2), 'Digest', ...columns.slice(2)] : columns;
    await printList(context, unique, {
      headers: IMAGE_HEADERS,
      columns: withDigest(IMAGE_COLUMNS),
      narrower: NARROWER_IMAGE_COLUMNS.map(withDigest),
      format,
      raw: options.digests ? IMAGE_RAW_DIGESTS : IMAGE_RAW,
      quiet: options.quiet,
      quietField: 'ID',
      whole: options['no-trunc'],
    });
    return 0;
  },
});

/** Docker's rules: -q overrides the configuration's format, and a custom table also gets the digests. */
function formatOf(
  { format, quiet, digests }: { format: string | undefined; quiet: boolean; digests: boolean },
  configured: string | undefined,
): string | undefined {
  const wanted = format ?? (quiet ? undefined : configured);
  const isTable = wanted?.startsWith('table ') === true;
  return isTable && digests && !wanted.includes('{{.Digest}}') ? `${wanted}\t{{.Digest}}` : wanted;
}

/** Whether only ids are shown; a custom template overrides -q. */
function isQuiet(quiet: boolean, format = 'table'): boolean {
  return quiet && ['table', 'raw'].includes(format);
}

/** Counts an image with two names as one id. */
function firstOf(rows: readonly { ID: string }[], id: string): number {
  return rows.findIndex((row) => row.ID === id);
}
