/** Which subnets networks may have. */
import { BoxliteError } from '../../../../errors.js';
import { OWN_NETWORK } from '../own-network.js';
import type { Neighbours } from './network-spec.js';
import { addressAt, overlaps, parsePrefix, type Prefix, prefixOf, prefixText } from './prefix.js';

/** Docker's pools, without those of its bridge and of networks that often are a LAN. */
const POOLS: readonly Prefix[] = [
  ...Array.from({ length: 14 }, (_, index) => prefixOf(`172.${18 + index}.0.0`, 16)),
  ...Array.from({ length: 16 }, (_, index) => prefixOf(`192.168.${index * 16}.0`, 20)),
];

/** A box of no named network has these addresses, also when it is attached to one later. */
const OWN: readonly Prefix[] = [
  prefixOf(OWN_NETWORK.prefix, OWN_NETWORK.prefixLength),
  prefixOf(OWN_NETWORK.prefix6, OWN_NETWORK.prefix6Length),
];

/** What no packet between machines carries, and the clouds' metadata services, which stay shut. */
const CLOSED: readonly Prefix[] = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '100.100.100.200/32'],
  ...['168.63.129.16/32', '192.0.0.192/32', '::/16', 'fe80::/10', 'ff00::/8', 'fd00:ec2::254/128'],
  ...['fd00:ec2::23/128', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128'],
  ...['fd00:a9fe:a9fe::1/128', 'fd00:100::100:200/128'],
].map(parsePrefix);

/** @throws invalid-argument in Docker's words */
export function checkFree(subnet: Prefix, { networks }: Pick<Neighbours, 'networks'>): Prefix {
  const closed = CLOSED.find((each) => overlaps(each, subnet));
  if (closed !== undefined)
    throw invalid(
      `invalid subnet ${prefixText(subnet)}: ${prefixText(closed)} is not for boxes`,
      'choose one of private addresses, as in 172.30.0.0/16',
    );
  const taken = [...OWN, ...networks].find((each) => overlaps(each, subnet));
  if (taken !== undefined)
    throw invalid(
      'Pool overlaps with other one on this address space',
      `${prefixText(taken)} is taken: choose another subnet than ${prefixText(subnet)}`,
    );
  return subnet;
}

/** The first that is free. @throws invalid-argument in Docker's words */
export function freeSubnet({ networks, host }: Neighbours): Prefix {
  const taken = [...OWN, ...networks, ...host];
  const free = POOLS.find((pool) => !taken.some((each) => overlaps(each, pool)));
  if (free !== undefined) return free;
  throw invalid(
    'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    'remove networks that nothing uses, or give --subnet',
  );
}

/** A unique local /64 (RFC 4193), whose 40 bits are the digest's first that are free. */
export function ulaSubnet(digest: Buffer, { networks, host }: Neighbours): Prefix {
  const taken = [...OWN, ...CLOSED, ...networks, ...host];
  for (let at = 0; at + 5 <= digest.length; at++) {
    const bytes = `fd${digest.subarray(at, at + 5).toString('hex')}`;
    const subnet = prefixOf(`${(bytes.match(/.{4}/g) ?? []).join(':')}::`, 64);
    if (!taken.some((each) => overlaps(each, subnet))) return subnet;
  }
  throw invalid('no subnet of IPv6 is free', 'give one with --subnet');
}

/** Its interfaces' prefixes, as `os.networkInterfaces` has them. */
export function hostPrefixes(cidrs: readonly (string | null)[]): Prefix[] {
  return cidrs.flatMap((cidr) => {
    const [, address, length] = /^([^%/]+)(?:%[^/]*)?\/(\d+)$/.exec(cidr ?? '') ?? [];
    return address === undefined ? [] : [prefixOf(address, Number(length))];
  });
}

/** Whether a machine may have the address: not the first or last of IPv4. */
export function isMachineAddress(subnet: Prefix, address: string): boolean {
  if (address === addressAt(subnet, 0n)) return false;
  return subnet.bits === 128 || address !== addressAt(subnet, -1n);
}

const invalid = (message: string, hint: string): BoxliteError =>
  new BoxliteError('invalid-argument', message, { hint });
