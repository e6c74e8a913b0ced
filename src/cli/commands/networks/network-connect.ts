import { defineCommand, list, value } from '../../parse/command.js';
import { REFUSED_BY_NETWORK_CONNECT } from '../../parse/refused-flags.js';

export const networkConnect = defineCommand({
  name: 'network connect',
  group: 'networks',
  summary: 'Put a box into a network, besides those it is in',
  description: 'Prints nothing.',
  args: [
    { name: 'NETWORK', summary: 'Name or id' },
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
  ],
  options: {
    ...REFUSED_BY_NETWORK_CONNECT,
    ip: value('Address of the box in the network', 'IP', { emptyIsNone: true }),
    ip6: value('The same of IPv6', 'IP', { emptyIsNone: true }),
    alias: list('One more name of the box in the network', 'NAME'),
  },
  examples: [
    { command: 'boxlite network connect --alias db app postgres', what: 'Others find it as db' },
  ],
  async run(context, [network = '', box = ''], { ip, ip6, alias }) {
    const { networks } = await context.runtime();
    await networks.connect(network, box, {
      ...(ip !== undefined && { ip }),
      ...(ip6 !== undefined && { ip6 }),
      aliases: [...alias],
    });
    return 0;
  },
});
