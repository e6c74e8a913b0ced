import { BoxliteError } from '../../errors.js';
import { defineCommand, flag, value } from '../command.js';
import { print } from '../context.js';
import { readBytes } from '../read-bytes.js';

export const load = defineCommand({
  name: 'load',
  aliases: ['image load'],
  group: 'images',
  summary: 'Load images from an archive or an OCI layout',
  description: 'Takes what `docker save` writes and OCI layouts, as an archive or a directory.',
  args: [],
  options: {
    input: value('File or directory to read (default: stdin)', 'PATH', {
      short: 'i',
      complete: 'file',
    }),
    quiet: flag('No progress', { short: 'q' }),
  },
  examples: [{ command: 'docker save alpine | boxlite load', what: 'Straight from Docker' }],
  async run(context, _args, { input }) {
    if (input === undefined && context.stdin.isTTY === true)
      throw new BoxliteError('invalid-argument', 'requested load from stdin, but stdin is empty', {
        hint: 'name a file with -i, or send an archive through a pipe',
      });
    const source = input ?? readBytes(context, '-');
    const runtime = await context.runtime();
    for (const { references, id } of await runtime.loadImages(source)) {
      const lines = references.map((reference) => `Loaded image: ${reference}\n`);
      await print(context, lines.length > 0 ? lines.join('') : `Loaded image ID: ${id}\n`);
    }
    return 0;
  },
});
