import { attach } from '../attach/attach.js';
import { BOX_OPTIONS } from '../box-flags.js';
import { checkTty } from '../check-tty.js';
import { defineCommand, flag, value } from '../command.js';
import { print } from '../context.js';
import { createBox } from '../create-box.js';
import { parseDetachKeys } from '../flags/detach-keys.js';

export const run = defineCommand({
  name: 'run',
  group: 'boxes',
  summary: 'Create a box from an image and run a command in it',
  description:
    "The command replaces the image's own and is the first process of the box, which lives as long as\n" +
    'it does. Its exit code is the exit status; 125 means that BoxLite itself failed, 126 that the\n' +
    'command could not be run, 127 that it was not found. Options end at IMAGE.',
  args: [
    { name: 'IMAGE', summary: 'Image to run, pulled when it is not here', complete: 'image' },
    { name: 'COMMAND', summary: "Command in place of the image's", optional: true },
    { name: 'ARG', summary: 'Its arguments', optional: true, variadic: true },
  ],
  options: {
    ...BOX_OPTIONS,
    detach: flag('Leave the box running and print its id', { short: 'd' }),
    'sig-proxy': flag('Send signals on to the command (=false: keep them)', { initial: true }),
    'detach-keys': value('Keys that leave the box running (default ctrl-p,ctrl-q)', 'KEYS'),
    cold: flag('Boot the box instead of starting it from a template', { hidden: true }),
  },
  examples: [
    { command: 'boxlite run --rm alpine echo hi', what: 'One command in a box of its own' },
    { command: 'boxlite run -it ubuntu bash', what: 'A shell; ctrl-p ctrl-q leaves it running' },
    { command: 'boxlite run -d --name web nginx', what: 'In the background, with a name' },
  ],
  passThrough: true,
  failureStatus: 125,
  async run(context, [image = '', ...command], options) {
    if (!options.detach) checkTty(context, options.tty);
    const detachKeys = parseDetachKeys(options['detach-keys'] ?? context.settings.detachKeys);
    const runtime = await context.runtime();
    const box = await createBox(context, runtime, image, command, options);
    const { cold } = options;
    try {
      if (options.detach) {
        await box.start({ cold });
        await print(context, `${box.id}\n`);
        return 0;
      }
      const { tty, interactive: stdin } = options;
      const streams = { tty, stdin, sigProxy: options['sig-proxy'], detachKeys };
      return await attach(context, streams, (terminal) =>
        box.startAttached({ cold, ...(terminal !== undefined && { terminal }) }),
      );
    } catch (error) {
      // A box whose command never ran has nobody who would remove it; what failed first is what counts.
      if (options.rm) await runtime.remove(box.id, { force: true }).catch(() => undefined);
      throw error;
    }
  },
});
