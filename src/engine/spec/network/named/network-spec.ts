/** A network with a name: what the caller asks for, and what is settled when it is created. */
import { createHash } from 'node:crypto';
import { BoxliteError } from '../../../../errors.js';
import { bitsOf, isAddress } from '../../../../host/ip-address.js';
import { checkOptions } from './network-options.js';
import {
  addressAt,
  firstAddress,
  holdsAddress,
  overlaps,
  parsePrefix,
  plainAddress,
  type Prefix,
  prefixText,
} from './prefix.js';
import { checkFree, freeSubnet, ulaSubnet } from './subnets.js';

export interface NetworkOptions {
  name: string;
  /** One of IPv4 with a length of 8 to 29, one of IPv6 with a length of 64; default: free ones. */
  subnets?: readonly string[];
  /** The box's gateways in them; default: the first address of each. */
  gateways?: readonly string[];
  /** The part of the IPv4 subnet from which boxes get addresses; default: all of it. */
  ipRange?: string;
  /** Addresses that no box gets, by what has them. */
  auxAddresses?: Readonly<Record<string, string>>;
  /** The boxes reach each other, and nothing outside; default false. */
  internal?: boolean;
  labels?: Readonly<Record<string, string>>;
  /** Options of Docker's driver `bridge`; refused are those that could not be followed. */
  options?: Readonly<Record<string, string>>;
}

/** As it is stored. */
export interface NetworkSpec {
  subnet: string;
  gateway: string;
  resolver: string;
  subnet6: string;
  gateway6: string;
  resolver6: string;
  ipRange?: string;
  auxAddresses?: Record<string, string>;
  internal?: true;
  labels: Record<string, string>;
  options?: Record<string, string>;
}

/** What a new network must keep clear of. */
export interface Neighbours {
  /** Of the other networks. */
  networks: readonly Prefix[];
  /** Of the host's interfaces; only subnets that are chosen for the caller avoid them. */
  host: readonly Prefix[];
}

/** @throws invalid-argument, in Docker's words where it has them */
export function settleNetwork(
  options: Omit<NetworkOptions, 'name'>,
  id: string,
  neighbours: Neighbours,
): NetworkSpec {
  const { subnets = [], gateways = [], ipRange, auxAddresses = {}, labels = {} } = options;
  if (subnets.length === 0 && (gateways.length > 0 || ipRange !== undefined))
    throw invalid('every ip-range or gateway must have a corresponding subnet', 'add --subnet');
  const asked = subnets.map(parsePrefix);
  const [four, six] = [onlyOne(asked, 32), onlyOne(asked, 128)];
  const subnet = four ? askedSubnet(four, neighbours) : freeSubnet(neighbours);
  const subnet6 = six ? askedSubnet6(six, neighbours) : ulaSubnet(digestOf(id), neighbours);
  const ranges = [subnet, subnet6];
  for (const gateway of gateways) checkInside('gateway', gateway, ranges);
  for (const address of Object.values(auxAddresses)) checkInside('aux-address', address, ranges);
  const gateway = onlyGateway(gateways, subnet) ?? addressAt(subnet, 1n);
  const gateway6 = onlyGateway(gateways, subnet6) ?? addressAt(subnet6, 1n);
  return {
    subnet: prefixText(subnet),
    gateway,
    resolver: beside(gateway, subnet),
    subnet6: prefixText(subnet6),
    gateway6,
    resolver6: beside(gateway6, subnet6),
    ...(ipRange !== undefined && { ipRange: prefixText(rangeOf(ipRange, subnet)) }),
    ...(Object.keys(auxAddresses).length > 0 && { auxAddresses: plainAddresses(auxAddresses) }),
    ...(options.internal === true && { internal: true }),
    labels: { ...labels },
    ...checkOptions(options.options),
  };
}

function onlyOne(asked: readonly Prefix[], bits: 32 | 128): Prefix | undefined {
  const [one, other] = asked.filter((prefix) => prefix.bits === bits);
  if (other !== undefined)
    throw invalid(
      one !== undefined && overlaps(one, other)
        ? 'multiple overlapping subnet configuration is not supported'
        : `a network has one subnet of IPv${bits === 32 ? 4 : 6}`,
      'give one --subnet of IPv4, and one of IPv6 if you like',
    );
  return one;
}

function askedSubnet(subnet: Prefix, neighbours: Neighbours): Prefix {
  if (subnet.length < 8 || subnet.length > 29)
    throw invalid(
      `invalid subnet ${prefixText(subnet)}: its length must be from 8 to 29`,
      'as in 172.30.0.0/16',
    );
  return checkFree(subnet, neighbours);
}

/** A box's address in it follows from its IPv4 address, and boxes know the length. */
function askedSubnet6(subnet: Prefix, neighbours: Neighbours): Prefix {
  if (subnet.length !== 64)
    throw invalid(
      `invalid subnet ${prefixText(subnet)}: one of IPv6 has the length 64`,
      'as in fd00:1234::/64',
    );
  return checkFree(subnet, neighbours);
}

function digestOf(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}

function checkInside(what: string, address: string, subnets: readonly Prefix[]): void {
  if (!isAddress(address)) throw invalid(`invalid ${what} address: ${address}`, 'as in 172.30.0.1');
  const subnet = subnets.find((each) => holdsAddress(each, address));
  if (subnet === undefined)
    throw invalid(
      `no matching subnet for ${what} ${address}`,
      `give one of ${subnets.map(prefixText).join(' or ')}`,
    );
  const reserved = [firstAddress(subnet), ...(subnet.bits === 32 ? [addressAt(subnet, -1n)] : [])];
  if (reserved.includes(plainAddress(address)))
    throw invalid(
      `${address} is no address of a machine in ${prefixText(subnet)}`,
      'it is the first or the last, which stand for the network itself',
    );
}

function onlyGateway(gateways: readonly string[], subnet: Prefix): string | undefined {
  const [one, other] = gateways.filter((gateway) => bitsOf(gateway) === subnet.bits);
  if (one !== undefined && other !== undefined)
    throw invalid(
      `cannot configure multiple gateways (${other}, ${one}) on the same subnet (${prefixText(subnet)})`,
      'give one of each family',
    );
  return one === undefined ? undefined : plainAddress(one);
}

/** The resolver's: the last address of a machine that the gateway has not. */
function beside(gateway: string, subnet: Prefix): string {
  const last = addressAt(subnet, -2n);
  return last === gateway ? addressAt(subnet, -3n) : last;
}

function rangeOf(text: string, subnet: Prefix): Prefix {
  const range = parsePrefix(text);
  if (range.bits === 128)
    throw invalid(
      `a range of IPv6 is not supported: ${text}`,
      'an address of IPv6 follows from that of IPv4: give a range of IPv4',
    );
  if (!holdsAddress(subnet, firstAddress(range)) || range.length < subnet.length)
    throw invalid(`no matching subnet for range ${text}`);
  return range;
}

const plainAddresses = (addresses: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [name, plainAddress(address)]),
  );

const invalid = (message: string, hint?: string): BoxliteError =>
  new BoxliteError('invalid-argument', message, hint === undefined ? {} : { hint });
