import { defineCommand, flag } from '../../parse/command.js';

export const networkDisconnect = defineCommand({
  name: 'network disconnect',
  group: 'networks',
  summary: 'Take a box out of a network',
  description: 'Prints nothing. Also from a network that has been removed.',
  args: [
    { name: 'NETWORK', summary: 'Name or id' },
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
  ],
  options: { force: flag("Also a box that runs and can't be told", { short: 'f' }) },
  examples: [{ command: 'boxlite network disconnect app web', what: 'Its other networks stay' }],
  async run(context, [network = '', box = ''], { force }) {
    const { networks } = await context.runtime();
    await networks.disconnect(network, box, { force });
    return 0;
  },
});
