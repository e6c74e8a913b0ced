import { BoxliteError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { defineCommand } from '../../parse/command.js';

export const rename = defineCommand({
  name: 'rename',
  group: 'boxes',
  summary: 'Give a box another name',
  description: 'Prints nothing. A running box keeps its host name.',
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
    { name: 'NEW_NAME', summary: 'A name that no box has' },
  ],
  options: {},
  examples: [{ command: 'boxlite rename brave_hopper web', what: 'A name to remember' }],
  async run(context, [from = '', to = '']) {
    if (from.trim() === '' || to.trim() === '')
      throw new BoxliteError('invalid-argument', 'Neither old nor new names may be empty');
    const box = await findBox(await context.runtime(), from);
    if (box.name === to.replace(/^\//, ''))
      throw new BoxliteError(
        'invalid-argument',
        'Renaming a container with the same name as its current name',
      );
    await box.rename(to);
    return 0;
  },
});
