import type { LiteBox } from '../../../engine/box.js';
import { attach, boxGoesOn } from '../../attach/attach.js';
import { createBox } from '../../box/create-box.js';
import { BOX_OPTIONS } from '../../box/flags.js';
import { parseDetachKeys } from '../../flags/detach-keys.js';
import { parseStream, type StreamName } from '../../flags/streams.js';
import { defineCommand, flag, list, under, value } from '../../parse/command.js';
import { usageError } from '../../parse/usage-error.js';
import { checkTty } from '../../process/check-tty.js';
import { print } from '../../process/context.js';
import { untilSignal } from '../../process/until-signal.js';

const STREAMS: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];

export const run = defineCommand({
  name: 'run',
  group: 'boxes',
  summary: 'Create a box from an image and run a command in it',
  description:
    "The command replaces the image's own and is the first process of the box, which lives as long as\n" +
    'it does. Its exit code is the exit status; 125 means that BoxLite itself failed, 126 that the\n' +
    'command could not be run, 127 that it was not found. Options end at IMAGE.',
  args: [
    {
      name: 'IMAGE',
      summary: 'Image to run, pulled when it is not here',
      optional: true,
      complete: 'image',
    },
    { name: 'COMMAND', summary: "Command in place of the image's", optional: true },
    { name: 'ARG', summary: 'Its arguments', optional: true, variadic: true },
  ],
  options: {
    ...BOX_OPTIONS,
    ...under('General', {
      detach: flag('Leave the box running and print its id', { short: 'd' }),
    }),
    ...under('Command and terminal', {
      attach: list('Show or send only this: stdin, stdout or stderr', 'STREAM', {
        short: 'a',
        parse: parseStream,
        complete: ['stdin', 'stdout', 'stderr'],
      }),
      'sig-proxy': flag('Send signals on to the command (=false: keep them)', { initial: true }),
      'detach-keys': value('Keys that leave the box running (default ctrl-p,ctrl-q)', 'KEYS', {
        emptyIsNone: true,
      }),
    }),
    cold: flag('Boot the box instead of starting it from a template', { hidden: true }),
  },
  examples: [
    { command: 'boxlite run --rm alpine echo hi', what: 'One command in a box of its own' },
    { command: 'boxlite run -it ubuntu bash', what: 'A shell; ctrl-p ctrl-q leaves it running' },
    { command: 'boxlite run -d --name web nginx', what: 'In the background, with a name' },
  ],
  passThrough: true,
  failureStatus: 125,
  async run(context, words, options) {
    if (options.detach && options.attach.length > 0)
      throw usageError('conflicting options: cannot specify both --attach and --detach', 'run');
    const attached = new Set(options.attach.length > 0 ? options.attach : STREAMS);
    const stdin = options.interactive && attached.has('stdin');
    if (!options.detach) checkTty(context, { tty: options.tty, stdin });
    const detachKeys = parseDetachKeys(options['detach-keys'] ?? context.settings.detachKeys);
    const runtime = await context.runtime();
    // Nobody else would remove a box whose command never ran.
    const discard = async (box: LiteBox): Promise<void> => {
      if (options.rm) await runtime.remove(box.id, { force: true }).catch(() => undefined);
    };
    const box = await untilSignal(context, async (signal) => {
      const made = await createBox(context, runtime, 'run', words, options);
      if (signal.aborted) await discard(made);
      signal.throwIfAborted();
      return made;
    });
    const { cold } = options;
    const hint = boxGoesOn(box.name ?? box.id);
    let started = false;
    try {
      if (options.detach) {
        await untilSignal(context, (signal) => box.start({ cold, signal }));
        started = true;
        await print(context, `${box.id}\n`, hint);
        return 0;
      }
      const { tty } = options;
      const outputs = attached;
      const streams = { tty, stdin, sigProxy: options['sig-proxy'], detachKeys, hint, outputs };
      return await attach(context, streams, async (terminal, signal) => {
        const begun = await box.startAttached({
          cold,
          signal,
          ...(terminal !== undefined && { terminal }),
        });
        started = true;
        return begun;
      });
    } catch (error) {
      if (!started) await discard(box);
      throw error;
    }
  },
});
