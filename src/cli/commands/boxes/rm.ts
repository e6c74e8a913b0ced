import { noSuchBox } from '../../../engine/state/state-error.js';
import { BoxliteError } from '../../../errors.js';
import { defineCommand, flag } from '../../parse/command.js';
import { REFUSED_BY_RM } from '../../parse/refused-flags.js';
import { forEachTarget } from '../../process/targets.js';

export const rm = defineCommand({
  name: 'rm',
  group: 'boxes',
  summary: 'Remove boxes',
  description: 'Prints each name it was given.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'box' }],
  options: {
    force: flag('Kill a running box; a missing one is no error', { short: 'f' }),
    ...REFUSED_BY_RM,
    volumes: flag('Remove its anonymous volumes as well', { short: 'v' }),
  },
  examples: [{ command: 'boxlite rm -f web', what: 'Whether it runs or not' }],
  async run(context, names, { force, volumes }) {
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'at once', async (name) => {
      try {
        await runtime.remove(name, { force, volumes });
      } catch (error) {
        if (!(error instanceof BoxliteError) || error.code !== 'box-not-found') throw error;
        if (force) return '';
        throw noSuchBox(name);
      }
      return `${name}\n`;
    });
    return 0;
  },
});
