import { BoxliteError } from '../../../errors.js';
import { attach as attachTo, boxGoesOn } from '../../attach/attach.js';
import { findBox } from '../../box/find-box.js';
import { parseDetachKeys } from '../../flags/detach-keys.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { checkTty } from '../../process/check-tty.js';
import { unlessInterrupted } from '../../process/until-signal.js';

export const attach = defineCommand({
  name: 'attach',
  group: 'boxes',
  summary: 'Attach to the command of a running box',
  description:
    'Its output from now on, and stdin when the box was made with -i. Ends with its exit code, or with\n' +
    '0 by the detach keys.',
  args: [{ name: 'BOX', summary: 'Name or id', complete: 'running-box' }],
  options: {
    'no-stdin': flag('Do not send stdin'),
    'sig-proxy': flag('Send signals on to the command (=false: keep them)', { initial: true }),
    'detach-keys': value('Keys that leave the box running (default ctrl-p,ctrl-q)', 'KEYS', {
      emptyIsNone: true,
    }),
  },
  examples: [{ command: 'boxlite attach web', what: 'ctrl-p ctrl-q leaves it running' }],
  async run(context, [name = ''], options) {
    const detachKeys = parseDetachKeys(options['detach-keys'] ?? context.settings.detachKeys);
    const box = await findBox(await context.runtime(), name);
    const { status, tty, stdinOpen } = await box.info();
    if (status !== 'running')
      throw new BoxliteError(
        'box-not-running',
        'You cannot attach to a stopped container, start it first',
        { hint: `'boxlite start -a ${name}' does both.` },
      );
    const stdin = stdinOpen && !options['no-stdin'];
    checkTty(context, { tty, stdin });
    const hint = boxGoesOn(name);
    const streams = { tty, stdin, sigProxy: options['sig-proxy'], detachKeys, hint, redraw: true };
    return await attachTo(context, streams, () => unlessInterrupted(context, box.attach()));
  },
});
