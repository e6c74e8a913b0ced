import { BoxliteError } from '../../../errors.js';
import { defineCommand, flag } from '../../parse/command.js';
import { warn } from '../../process/context.js';
import { readBytes } from '../../process/read-bytes.js';
import { watched } from '../../process/watched-copy.js';

export const volumeImport = defineCommand({
  name: 'volume import',
  group: 'volumes',
  summary: 'Add what is in an archive to a volume',
  description:
    'The archive is a tar, which may be packed by gzip, zstd, xz or bzip2. What is in the volume stays,\n' +
    'but for files that the archive has as well. When the command ends, all of it is on the disk. If it is\n' +
    'interrupted, what has come stays. A shared volume gets neither devices nor set-user-ID bits.',
  args: [
    { name: 'VOLUME', summary: 'Name of the volume, which exists' },
    { name: 'FILE', summary: 'The archive, or - for stdin (default)', optional: true },
  ],
  options: { quiet: flag('Do not show the progress', { short: 'q' }) },
  examples: [
    { command: 'boxlite volume import data data.tar', what: 'From a backup' },
    {
      command: 'boxlite volume export old | boxlite volume import new',
      what: 'Into a volume of another type or size',
    },
  ],
  async run(context, [name = '', file = '-'], { quiet }) {
    if (file === '-' && context.stdin.isTTY === true)
      throw new BoxliteError(
        'invalid-argument',
        'requested import from stdin, but stdin is a terminal',
        { hint: 'name a file, or send an archive through a pipe' },
      );
    const { volumes } = await context.runtime();
    const options = { onWarning: (text: string) => warn(context, text) };
    await watched(context, quiet, options, (each) =>
      volumes.import(name, readBytes(context, file, each.signal), each),
    );
    return 0;
  },
});
