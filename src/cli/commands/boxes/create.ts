import { createBox } from '../../box/create-box.js';
import { BOX_OPTIONS } from '../../box/flags.js';
import { parseStream } from '../../flags/streams.js';
import { defineCommand, list } from '../../parse/command.js';
import { print } from '../../process/context.js';

export const create = defineCommand({
  name: 'create',
  group: 'boxes',
  summary: 'Create a box without starting it',
  description: 'Prints the id of the new box. Options end at IMAGE.',
  args: [
    {
      name: 'IMAGE',
      summary: 'Image of the box, pulled when it is not here',
      optional: true,
      complete: 'image',
    },
    { name: 'COMMAND', summary: "Command in place of the image's", optional: true },
    { name: 'ARG', summary: 'Its arguments', optional: true, variadic: true },
  ],
  options: {
    ...BOX_OPTIONS,
    // Docker records this flag, but `start` decides by its own flags, here too.
    attach: list('What `start -a` shows is said there', 'STREAM', {
      short: 'a',
      parse: parseStream,
      complete: ['stdin', 'stdout', 'stderr'],
      hidden: true,
    }),
  },
  examples: [
    {
      command: 'boxlite create --name job alpine sh -c "date; sleep 5"',
      what: 'For `start` later',
    },
  ],
  passThrough: true,
  failureStatus: 125,
  async run(context, words, options) {
    const box = await createBox(context, await context.runtime(), 'create', words, options);
    await print(context, `${box.id}\n`);
    return 0;
  },
});
