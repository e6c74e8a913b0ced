/** The networks that the flags of `run` and `create` name, by Docker's rules (cli/command/container/opts.go). */
import type { BoxOptions } from '../../engine/spec/options.js';
import { BoxliteError } from '../../errors.js';
import type { AskedNetwork } from '../flags/network.js';
import type { NetworkFlagValues } from './network-flags.js';

/** @param configured what a box has when no flag says it */
export function readNetworks(
  flags: NetworkFlagValues,
  configured: BoxOptions['network'],
): Pick<BoxOptions, 'network' | 'networks' | 'macAddress'> {
  const given = [...flags.network, ...flags.net];
  const first = withFlags(given[0] ?? { name: configured ?? 'default', aliases: [] }, flags);
  const networks = [first, ...given.slice(1)].map(attachmentOf);
  const macAddress = macAddressOf([first, ...given.slice(1)]);
  const isPlain = given.length <= 1 && !hasExtras(first);
  return {
    ...(isPlain ? { network: given[0]?.name ?? configured } : { networks }),
    ...(macAddress !== undefined && { macAddress }),
  };
}

/** What stands beside `--network` is about the first one. */
function withFlags(network: AskedNetwork, flags: NetworkFlagValues): AskedNetwork {
  const { ip, ip6, 'mac-address': macAddress } = flags;
  const aliases = [...flags['network-alias'], ...flags['net-alias']];
  if (aliases.length > 0 && network.aliases.length > 0)
    throw conflict('both --network-alias and per-network alias');
  if (ip !== undefined && network.ip !== undefined)
    throw conflict('both --ip and per-network IPv4 address');
  if (ip6 !== undefined && network.ip6 !== undefined)
    throw conflict('both --ip6 and per-network IPv6 address');
  if (macAddress !== undefined && network.macAddress !== undefined)
    throw conflict('both --mac-address and per-network MAC address');
  return {
    ...network,
    ...(ip !== undefined && { ip }),
    ...(ip6 !== undefined && { ip6 }),
    ...(macAddress !== undefined && { macAddress }),
    aliases: [...network.aliases, ...aliases],
  };
}

function attachmentOf({ name, ip, ip6, aliases }: AskedNetwork) {
  return {
    name,
    ...(ip !== undefined && { ip }),
    ...(ip6 !== undefined && { ip6 }),
    ...(aliases.length > 0 && { aliases }),
  };
}

const hasExtras = ({ ip, ip6, aliases }: AskedNetwork): boolean =>
  ip !== undefined || ip6 !== undefined || aliases.length > 0;

function macAddressOf(networks: readonly AskedNetwork[]): string | undefined {
  const all = new Set(networks.flatMap(({ macAddress }) => macAddress ?? []));
  const [address, another] = all;
  if (another === undefined) return address;
  throw new BoxliteError(
    'unsupported',
    `a box has one interface for all its networks, and so one MAC address, not ${[...all].join(' and ')}`,
    { hint: 'give one, by --mac-address' },
  );
}

const conflict = (what: string): BoxliteError =>
  new BoxliteError('invalid-argument', `conflicting options: cannot specify ${what}`);
