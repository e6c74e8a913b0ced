import type { LiteBox } from '../../../engine/box.js';
import { BoxliteError } from '../../../errors.js';
import { attach, type AttachOptions, boxGoesOn } from '../../attach/attach.js';
import { findBox } from '../../box/find-box.js';
import { parseDetachKeys } from '../../flags/detach-keys.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { REFUSED_BY_START } from '../../parse/refused-flags.js';
import { checkTty } from '../../process/check-tty.js';
import type { CommandContext } from '../../process/context.js';
import { forEachTarget } from '../../process/targets.js';

export const start = defineCommand({
  name: 'start',
  group: 'boxes',
  summary: 'Start boxes',
  description: 'Prints each name it was given. A box that is running already is left as it is.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'box' }],
  options: {
    attach: flag("Show the command's output, and exit with its code", { short: 'a' }),
    interactive: flag('Send stdin to the command; implies -a', { short: 'i' }),
    'sig-proxy': flag('Send signals on to the command (=false: keep them)', { initial: true }),
    'detach-keys': value('Keys that leave the box running (default ctrl-p,ctrl-q)', 'KEYS', {
      emptyIsNone: true,
    }),
    ...REFUSED_BY_START,
    cold: flag('Boot the box instead of starting it from a template', { hidden: true }),
  },
  examples: [
    { command: 'boxlite start job', what: 'In the background' },
    { command: 'boxlite start -a job', what: 'With its output, and its exit code' },
  ],
  failureStatus: 125,
  async run(context, names, options) {
    const runtime = await context.runtime();
    const { cold, interactive: stdin } = options;
    if (!options.attach && !stdin) {
      await forEachTarget(context, names, 'in turn', async (name) => {
        await (await findBox(runtime, name)).start({ cold });
        return `${name}\n`;
      });
      return 0;
    }
    const [name = '', ...others] = names;
    if (others.length > 0)
      throw new BoxliteError('invalid-argument', 'only one box can be started and attached to', {
        hint: 'leave out -a and -i, or name one box',
      });
    const detachKeys = parseDetachKeys(options['detach-keys'] ?? context.settings.detachKeys);
    const box = await findBox(runtime, name);
    const { tty } = await box.info();
    checkTty(context, { tty, stdin });
    const hint = boxGoesOn(name);
    const streams = { tty, stdin, sigProxy: options['sig-proxy'], detachKeys, hint };
    return await attachStarting(context, box, streams, cold);
  },
});

async function attachStarting(
  context: CommandContext,
  box: LiteBox,
  streams: AttachOptions,
  cold: boolean,
): Promise<number> {
  return await attach(context, streams, async (terminal, signal) => {
    const { status } = await box.info();
    if (status === 'running') return await box.attach();
    return await box.startAttached({ cold, signal, ...(terminal !== undefined && { terminal }) });
  });
}
