import { BoxliteError } from '../../../errors.js';
import { refuseBuiltIn } from '../../network/all-networks.js';
import { defineCommand, flag } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

export const networkRm = defineCommand({
  name: 'network rm',
  aliases: ['network remove'],
  group: 'networks',
  summary: 'Remove networks',
  description:
    'Prints each name it was given. A box that runs keeps its network from being removed; one that does not\n' +
    'is not started again until it is disconnected from it.',
  args: [{ name: 'NETWORK', summary: 'Name or id', variadic: true }],
  options: { force: flag('A missing one is no error', { short: 'f' }) },
  examples: [{ command: 'boxlite network rm app', what: 'One that no running box is in' }],
  async run(context, names, { force }) {
    const { networks } = await context.runtime();
    await forEachTarget(context, names, 'in turn', async (name) => {
      refuseBuiltIn(name);
      try {
        await networks.remove(name);
      } catch (error) {
        const missing = error instanceof BoxliteError && error.code === 'network-not-found';
        if (!missing || !force) throw error;
        return '';
      }
      return `${name}\n`;
    });
    return 0;
  },
});
