import { BoxliteError } from '../../../errors.js';
import { oneOf } from '../../flags/number.js';
import { defineCommand, value } from '../../parse/command.js';
import { REFUSED_PLATFORM } from '../../parse/refused-flags.js';
import { write } from '../../process/context.js';
import { checkOutputPath, writeFileWhole } from '../../process/write-file-whole.js';

const FORMATS = ['docker-archive', 'oci'] as const;

export const save = defineCommand({
  name: 'save',
  aliases: ['image save'],
  group: 'images',
  summary: 'Write images to an archive',
  description:
    'A tar that `docker load`, `podman load` and skopeo read, and an OCI layout as well; a pulled\n' +
    "image's blobs are in it byte for byte. A repository without a tag means all its tags.",
  args: [{ name: 'IMAGE', summary: 'Name or id', variadic: true, complete: 'image' }],
  options: {
    ...REFUSED_PLATFORM,
    output: value('File to write (default: stdout)', 'FILE', {
      short: 'o',
      complete: 'file',
      emptyIsNone: true,
    }),
    format: value('docker-archive (default), or oci for an OCI layout alone', 'FORMAT', {
      parse: oneOf(FORMATS),
      complete: FORMATS,
    }),
  },
  examples: [
    {
      command: 'boxlite save -o both.tar alpine:3.20 busybox',
      what: 'Two images, shared layers once',
    },
    { command: 'boxlite save alpine | docker load', what: 'Straight to Docker' },
  ],
  async run(context, names, { output, format }) {
    if (output === undefined && context.stdout.isTTY === true)
      throw new BoxliteError('invalid-argument', 'cowardly refusing to save to a terminal', {
        hint: 'use the -o flag or redirect',
      });
    if (output !== undefined) checkOutputPath(output);
    const archive = await (await context.runtime()).saveImages(names, format ?? 'docker-archive');
    if (output !== undefined) await writeFileWhole(context, output, archive);
    else for await (const chunk of archive) await write(context.stdout, chunk);
    return 0;
  },
});
