import { defineCommand, flag, list, type Option, value } from '../../parse/command.js';
import { usageError } from '../../parse/usage-error.js';
import { print } from '../../process/context.js';

export const commit = defineCommand({
  name: 'commit',
  group: 'images',
  summary: 'Make an image of what a box has changed',
  description:
    "Its image's layers and one more. Nothing in a running box moves while it is read. Prints the\n" +
    "new image's id.",
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
    { name: 'REPOSITORY[:TAG]', summary: 'Name of the new image', optional: true },
  ],
  options: {
    author: value('Who made it', 'NAME', { short: 'a' }),
    change: list('Change its configuration, such as CMD ["sh"]', 'INSTRUCTION', { short: 'c' }),
    message: value("Comment in the image's history", 'TEXT', { short: 'm' }),
    pause: undecided(
      flag('Let nothing move in the box meanwhile (=false: let it run)', { short: 'p' }),
    ),
    'no-pause': undecided(flag('Let the box run meanwhile')),
  },
  examples: [
    {
      command: 'boxlite commit -c \'CMD ["serve"]\' web web:tuned',
      what: 'What `boxlite run web:tuned` runs',
    },
  ],
  async run(context, [name = '', reference], { author, change, message, ...options }) {
    const pause = pauses(options.pause, options['no-pause']);
    const runtime = await context.runtime();
    const id = await runtime.commit(name, {
      changes: [...change],
      pause,
      ...(reference !== undefined && reference !== '' && { reference }),
      ...(author !== undefined && { author }),
      ...(message !== undefined && { message }),
    });
    await print(context, `${id}\n`);
    return 0;
  },
});

/** Makes a flag undefined unless it is given. */
function undecided(option: Option<boolean>): Option<boolean | undefined> {
  return { ...option, initial: undefined };
}

function pauses(pause: boolean | undefined, noPause: boolean | undefined): boolean {
  if (pause !== undefined && noPause !== undefined)
    throw usageError(
      'conflicting options: --no-pause and --pause cannot be used together',
      'commit',
    );
  return pause ?? noPause !== true;
}
