import { BoxliteError } from '../../../errors.js';
import { defineCommand, value } from '../../parse/command.js';
import { warn } from '../../process/context.js';
import { archiveToStdout } from '../../process/watched-copy.js';
import { checkOutputPath, writeFileWhole } from '../../process/write-file-whole.js';

export const volumeExport = defineCommand({
  name: 'volume export',
  group: 'volumes',
  summary: 'Write all of a volume to an archive',
  description:
    'A tar (pax) with owners, modes, extended attributes, times, links, holes and devices. A volume of\n' +
    'type disk that a running box has is read through that box, else by a machine of its own; what a box\n' +
    'writes meanwhile may be in the archive or not.',
  args: [{ name: 'VOLUME', summary: 'Name of the volume' }],
  options: {
    output: value('File to write, or - for stdout (default)', 'FILE', {
      short: 'o',
      complete: 'file',
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: 'boxlite volume export -o data.tar data', what: 'A backup' },
    { command: 'boxlite volume export data | tar -t', what: 'What is in it?' },
  ],
  async run(context, [name = ''], { output = '-' }) {
    const toStdout = output === '-';
    if (toStdout && context.stdout.isTTY === true)
      throw new BoxliteError('invalid-argument', 'cowardly refusing to save to a terminal', {
        hint: 'use the -o flag or redirect',
      });
    if (!toStdout) checkOutputPath(output);
    const { volumes } = await context.runtime();
    const archive = (signal?: AbortSignal): AsyncIterable<Uint8Array> =>
      volumes.export(name, {
        onWarning: (text) => warn(context, text),
        ...(signal && { signal }),
      });
    if (toStdout) await archiveToStdout(context, archive);
    else await writeFileWhole(context, output, archive());
    return 0;
  },
});
