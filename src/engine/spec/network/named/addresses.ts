/** Which addresses a box gets in a network. */
import { BoxliteError } from '../../../../errors.js';
import { bitsOf, isAddress } from '../../../../host/ip-address.js';
import type { NetworkSpec } from './network-spec.js';
import {
  addressAt,
  holdsAddress,
  indexIn,
  parsePrefix,
  plainAddress,
  type Prefix,
  sizeOf,
} from './prefix.js';
import { isMachineAddress } from './subnets.js';

export interface AskedAddresses {
  /** IPv4. */
  ip?: string;
  ip6?: string;
}

export interface MemberAddresses {
  address: string;
  address6: string;
}

/** A network, and what is taken in it. */
export interface Allocation {
  name: string;
  spec: NetworkSpec;
  /** Addresses of both families, with the id of the box that has each. */
  taken: ReadonlyMap<string, string>;
  /** Names a box for a message. */
  holder: (boxId: string) => string;
}

/** @throws invalid-argument, address-in-use, network-full, in Docker's words */
export function chooseAddresses(network: Allocation, asked: AskedAddresses): MemberAddresses {
  const { spec } = network;
  const [subnet, subnet6] = [parsePrefix(spec.subnet), parsePrefix(spec.subnet6)];
  const reserved = reservedIn(spec);
  const isFree = (address: string): boolean =>
    !network.taken.has(address) && !reserved.has(address);
  const take = (text: string, within: Prefix): string => {
    const address = checkAsked(text, within);
    if (isFree(address)) return address;
    const holder = reserved.get(address) ?? network.holder(network.taken.get(address) ?? '');
    throw inUse(address, holder, network);
  };
  const address6 = asked.ip6 === undefined ? undefined : take(asked.ip6, subnet6);
  const address =
    asked.ip === undefined ? firstFree(network, subnet, isFree) : take(asked.ip, subnet);
  return { address, address6: address6 ?? counterpart(address, subnet, subnet6, isFree) };
}

/** @throws invalid-argument for what is no address. @returns them in one spelling */
export function checkAskedAddresses({ ip, ip6 }: AskedAddresses): AskedAddresses {
  return {
    ...(ip !== undefined && { ip: checkFamily(ip, 32) }),
    ...(ip6 !== undefined && { ip6: checkFamily(ip6, 128) }),
  };
}

function checkFamily(text: string, bits: 32 | 128): string {
  if (isAddress(text) && bitsOf(text) === bits) return plainAddress(text);
  throw new BoxliteError('invalid-argument', `invalid IPv${bits === 32 ? 4 : 6} address: ${text}`, {
    hint: bits === 32 ? 'as in --ip 172.18.0.10' : 'as in --ip6 fd00:1234::10',
  });
}

function checkAsked(text: string, subnet: Prefix): string {
  const address = checkFamily(text, subnet.bits);
  if (holdsAddress(subnet, address) && isMachineAddress(subnet, address)) return address;
  throw new BoxliteError(
    'invalid-argument',
    `no configured subnet or ip-range contain the IP address ${address}`,
    { hint: `give an address of ${addressAt(subnet, 0n)}/${subnet.length}` },
  );
}

/** What the network itself has, by what has it. */
function reservedIn(spec: NetworkSpec): Map<string, string> {
  const { gateway, gateway6, resolver, resolver6, auxAddresses = {} } = spec;
  const aux = Object.entries(auxAddresses).map(([name, address]) => [address, name] as const);
  return new Map([
    ...aux,
    ...[gateway, gateway6].map((address) => [address, 'the gateway'] as const),
    ...[resolver, resolver6].map((address) => [address, 'the resolver'] as const),
  ]);
}

function inUse(address: string, holder: string, { name }: Allocation): BoxliteError {
  return new BoxliteError(
    'address-in-use',
    `Address already in use: ${holder} has ${address} in network ${name}`,
    { hint: 'give another address, or none' },
  );
}

/** The lowest of the range. */
function firstFree(
  { name, spec }: Allocation,
  subnet: Prefix,
  isFree: (address: string) => boolean,
): string {
  const range = spec.ipRange === undefined ? subnet : parsePrefix(spec.ipRange);
  for (let index = 0n; index < sizeOf(range); index++) {
    const address = addressAt(range, index);
    if (isMachineAddress(subnet, address) && isFree(address)) return address;
  }
  throw new BoxliteError(
    'network-full',
    `no available IPv4 addresses on this network's address pools: ${name}`,
    { hint: 'remove a box that is in it, or create a larger network' },
  );
}

/** The number of the IPv4 address in the /64, or the next one 2^32 above it. */
function counterpart(
  address: string,
  subnet: Prefix,
  subnet6: Prefix,
  isFree: (address: string) => boolean,
): string {
  for (let index = indexIn(subnet, address); ; index += 1n << 32n) {
    const address6 = addressAt(subnet6, index);
    if (isFree(address6)) return address6;
  }
}
