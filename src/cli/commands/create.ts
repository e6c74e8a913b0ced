import { BOX_OPTIONS } from '../box-flags.js';
import { defineCommand } from '../command.js';
import { print } from '../context.js';
import { createBox } from '../create-box.js';

export const create = defineCommand({
  name: 'create',
  group: 'boxes',
  summary: 'Create a box without starting it',
  description: 'Prints the id of the new box. Options end at IMAGE.',
  args: [
    { name: 'IMAGE', summary: 'Image of the box, pulled when it is not here', complete: 'image' },
    { name: 'COMMAND', summary: "Command in place of the image's", optional: true },
    { name: 'ARG', summary: 'Its arguments', optional: true, variadic: true },
  ],
  options: BOX_OPTIONS,
  examples: [
    {
      command: 'boxlite create --name job alpine sh -c "date; sleep 5"',
      what: 'For `start` later',
    },
  ],
  passThrough: true,
  failureStatus: 125,
  async run(context, [image = '', ...command], options) {
    const box = await createBox(context, await context.runtime(), image, command, options);
    await print(context, `${box.id}\n`);
    return 0;
  },
});
