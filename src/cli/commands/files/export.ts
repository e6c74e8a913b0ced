import { BoxliteError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { defineCommand, value } from '../../parse/command.js';
import { write } from '../../process/context.js';
import { checkOutputPath, writeFileWhole } from '../../process/write-file-whole.js';

export const exportBox = defineCommand({
  name: 'export',
  group: 'boxes',
  summary: 'Write the file system of a box to an archive',
  description:
    'A tar of all files, of a running box or a stopped one, whose command is not run. What is mounted\n' +
    'in the box is not in it.',
  args: [{ name: 'BOX', summary: 'Name or id', complete: 'box' }],
  options: {
    output: value('File to write (default: stdout)', 'FILE', {
      short: 'o',
      complete: 'file',
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: 'boxlite export web | tar -t', what: 'What is in it?' },
    { command: 'boxlite export web | boxlite import - web:saved', what: 'An image of it' },
  ],
  async run(context, [name = ''], { output }) {
    if (output === undefined && context.stdout.isTTY === true)
      throw new BoxliteError('invalid-argument', 'cowardly refusing to save to a terminal', {
        hint: 'use the -o flag or redirect',
      });
    if (output !== undefined) checkOutputPath(output);
    const box = await findBox(await context.runtime(), name);
    if (output !== undefined) await writeFileWhole(context, output, box.export());
    else for await (const chunk of box.export()) await write(context.stdout, chunk);
    return 0;
  },
});
