import type { NetworkPolicy } from '../../../engine/spec/network/policy.js';
import type { NetPolicyChange } from '../../../engine/spec/network/policy-change.js';
import { findBox } from '../../box/find-box.js';
import { NET_POLICY_OPTIONS } from '../../box/network-flags.js';
import { oneOf } from '../../flags/number.js';
import { renderTable } from '../../output/table.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, list, value } from '../../parse/command.js';
import { print } from '../../process/context.js';

const FORMATS = ['table', 'json'] as const;
const SWITCHES = ['on', 'off'] as const;
const NETWORKS = ['default', 'public', 'internal'] as const;

export const networkPolicy = defineCommand({
  name: 'network policy',
  group: 'networks',
  summary: 'Show or change what a box may reach, while it runs or not',
  description:
    'Without a change, the rules in the order in which they count. A change counts at once, and at each start\n' +
    'from then on; what it shuts is cut. Rules are those of `boxlite run`.',
  args: [{ name: 'BOX', summary: 'Name or id', complete: 'box' }],
  options: {
    ...NET_POLICY_OPTIONS,
    remove: list('Take out a rule, or a port of --allow-host', 'RULE'),
    network: value('What is reached besides: default, public or internal', 'NETWORK', {
      parse: oneOf(NETWORKS),
      complete: NETWORKS,
    }),
    log: value('Whether what it reaches is logged: on or off', 'SWITCH', {
      parse: oneOf(SWITCHES),
      complete: SWITCHES,
    }),
    format: value('table (default) or json', 'FORMAT', {
      parse: oneOf(FORMATS),
      complete: FORMATS,
    }),
  },
  examples: [
    { command: 'boxlite network policy web', what: 'What it may reach' },
    { command: 'boxlite network policy --deny-net 192.168.0.0/16 web', what: 'No longer the LAN' },
    { command: 'boxlite network policy --network internal web', what: 'No way out any more' },
  ],
  async run(context, [name = ''], options) {
    const box = await findBox(await context.runtime(), name);
    const { remove, network, log } = options;
    const change: NetPolicyChange = {
      allowNet: options['allow-net'],
      denyNet: options['deny-net'],
      allowHost: options['allow-host'],
      remove,
      ...(network !== undefined && { network }),
      ...(log !== undefined && { logNet: log === 'on' }),
    };
    const lists = [options['allow-net'], options['deny-net'], options['allow-host'], remove];
    const isChange =
      network !== undefined || log !== undefined || lists.some((each) => each.length > 0);
    if (isChange) await box.changeNetworkPolicy(change);
    if (isChange && options.format === undefined) return 0;
    const policy = box.networkPolicy();
    const text =
      options.format === 'json'
        ? `${jsonText(policy, 2)}\n`
        : await renderTable(['KIND', 'RULE'], rowsOf(policy), { isTty: false });
    await print(context, text);
    return 0;
  },
});

function rowsOf({ network, mode, allow, deny, hostPorts, log }: NetworkPolicy): string[][] {
  return [
    ['network', `${network}: ${MEANINGS[mode]}`],
    ...deny.map((rule) => ['deny', rule]),
    ...allow.map((rule) => ['allow', rule]),
    ...hostPorts.map((port) => ['host port', String(port)]),
    ...(log ? [['log', 'on']] : []),
  ];
}

const MEANINGS: Readonly<Record<NetworkPolicy['mode'], string>> = {
  open: 'everything is reached, but for what is always closed',
  public: 'no private address is reached',
  listed: 'only what is allowed is reached',
  internal: 'nothing outside is reached',
  none: 'the box has no network',
};
