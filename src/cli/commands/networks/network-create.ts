import { BoxliteError } from '../../../errors.js';
import { readLabels, splitPair } from '../../flags/key-values.js';
import { ACCEPTED_BY_NETWORK_CREATE } from '../../parse/accepted-flags.js';
import { defineCommand, flag, list, value } from '../../parse/command.js';
import { REFUSED_BY_NETWORK_CREATE } from '../../parse/refused-flags.js';
import { print } from '../../process/context.js';

export const networkCreate = defineCommand({
  name: 'network create',
  group: 'networks',
  summary: 'Create a network, in which boxes reach each other by name',
  description: 'Prints its id. Nothing runs for it until a box in it starts.',
  args: [{ name: 'NAME', summary: 'Name of the network' }],
  options: {
    ...REFUSED_BY_NETWORK_CREATE,
    ...ACCEPTED_BY_NETWORK_CREATE,
    driver: value('bridge, which is the only one', 'DRIVER', {
      short: 'd',
      complete: ['bridge'],
    }),
    subnet: list('Addresses of the network: 172.30.0.0/16; one of IPv6 besides', 'CIDR'),
    gateway: list("Address of the boxes' gateway; default: the subnet's first", 'IP'),
    'ip-range': list('Part of the subnet from which boxes get addresses', 'CIDR'),
    'aux-address': list('Address that no box gets, and a name of what has it', 'NAME=IP'),
    internal: flag('The boxes reach each other and nothing outside'),
    ipv6: flag('Addresses of IPv6, which every network has', { initial: true }),
    attachable: flag('Boxes can be attached by hand, as to every network'),
    label: list('Set a label', 'KEY[=VALUE]'),
    opt: list("An option of Docker's driver, if it says what is so anyway", 'KEY=VALUE', {
      short: 'o',
    }),
  },
  examples: [
    { command: 'boxlite network create app', what: 'Then `boxlite run --network app …`' },
    {
      command: 'boxlite network create --internal --subnet 172.30.0.0/24 db',
      what: 'No way out, and addresses of your choice',
    },
  ],
  async run(context, [name = ''], options) {
    checkDriver(options.driver ?? 'bridge');
    if (!options.ipv6)
      throw new BoxliteError('unsupported', 'every network has addresses of IPv6', {
        hint: 'leave out --ipv6=false: a box need not use them',
      });
    const [ipRange, another] = each(options['ip-range']);
    if (another !== undefined)
      throw new BoxliteError('unsupported', 'a network has one range of addresses for boxes', {
        hint: 'give one --ip-range, of IPv4',
      });
    const runtime = await context.runtime();
    const { id } = await runtime.networks.create({
      name,
      subnets: each(options.subnet),
      gateways: each(options.gateway),
      ...(ipRange !== undefined && { ipRange }),
      auxAddresses: pairsOf(each(options['aux-address'])),
      internal: options.internal,
      labels: readLabels([], options.label),
      options: pairsOf(options.opt),
    });
    await print(context, `${id}\n`);
    return 0;
  },
});

/** Docker also takes several values in one, with commas between. */
const each = (values: readonly string[]): string[] => values.flatMap((text) => text.split(','));

/** `NAME=VALUE` each; the last of a name counts. */
const pairsOf = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(texts.map(splitPair));

/** @throws unsupported */
function checkDriver(driver: string): void {
  if (driver === 'bridge') return;
  throw new BoxliteError('unsupported', `networks have the driver bridge, not ${driver}`, {
    hint: 'leave out --driver: boxes of a network reach each other, and the host by its ports',
  });
}
