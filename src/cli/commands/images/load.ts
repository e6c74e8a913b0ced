import type { LoadedImage } from '../../../engine/images/images.js';
import { BoxliteError } from '../../../errors.js';
import { openLoadView, SILENT } from '../../output/terminal/pull-view.js';
import { familiarReference } from '../../output/text/reference.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { print } from '../../process/context.js';
import { readBytes } from '../../process/read-bytes.js';
import { untilSignal } from '../../process/until-signal.js';

export const load = defineCommand({
  name: 'load',
  aliases: ['image load'],
  group: 'images',
  summary: 'Load images from an archive or an OCI layout',
  description:
    'Takes what `docker save` writes and OCI layouts, as a directory or an archive, plain or packed by\n' +
    'gzip, zstd, xz or bzip2.',
  args: [],
  options: {
    input: value('File or directory to read (default: stdin)', 'PATH', {
      short: 'i',
      complete: 'file',
      emptyIsNone: true,
    }),
    platform: value('Platform to take of an image for several', 'OS/ARCH[/VARIANT]', {
      emptyIsNone: true,
    }),
    quiet: flag('No progress', { short: 'q' }),
  },
  examples: [{ command: 'docker save alpine | boxlite load', what: 'Straight from Docker' }],
  async run(context, _args, { input, platform, quiet }) {
    if (input === undefined && context.stdin.isTTY === true)
      throw new BoxliteError('invalid-argument', 'requested load from stdin, but stdin is empty', {
        hint: 'name a file with -i, or send an archive through a pipe',
      });
    const runtime = await context.runtime();
    const view = quiet ? SILENT : openLoadView(context);
    let images: LoadedImage[];
    try {
      images = await untilSignal(context, (signal) =>
        runtime.loadImages(input ?? readBytes(context, '-', signal), {
          ...(platform !== undefined && { platform }),
          onProgress: (event) => view.take(event),
          signal,
        }),
      );
    } finally {
      view.close();
    }
    for (const image of images) await print(context, loadedLines(image));
    return 0;
  },
});

/** Docker's lines, with the names in their familiar form. */
function loadedLines({ references, id, displaced }: LoadedImage): string {
  const moved = displaced.map(
    (each) =>
      `The image ${familiarReference(each.reference)} already exists, ` +
      `renaming the old one with ID ${each.id} to empty string\n`,
  );
  const names = references.map((reference) => `Loaded image: ${familiarReference(reference)}\n`);
  return [...moved, ...(names.length > 0 ? names : [`Loaded image ID: ${id}\n`])].join('');
}
