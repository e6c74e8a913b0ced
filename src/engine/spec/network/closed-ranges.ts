/** Addresses that no rule opens, as native/net/packet/closed.c has them. */
import { addressBytes, bitsOf } from '../../../host/ip-address.js';
import type { NetRule } from './net-rule.js';
import { OWN_NETWORK } from './own-network.js';

export const OWN = "in the box's own network";
const CLOUD = "a cloud's metadata service";
const RESERVED = 'a multicast or reserved address';

const CLOSED: readonly (readonly [address: string, prefixLength: number, what: string])[] = [
  ['0.0.0.0', 8, 'this host itself'],
  ['::', 128, 'this host itself'],
  ['127.0.0.0', 8, "this host's loopback"],
  ['::1', 128, "this host's loopback"],
  ['169.254.0.0', 16, 'a link-local address'],
  ['fe80::', 10, 'a link-local address'],
  ['100.100.100.200', 32, CLOUD],
  ['168.63.129.16', 32, CLOUD],
  ['192.0.0.192', 32, CLOUD],
  ['fd00:ec2::254', 128, CLOUD],
  ['fd00:ec2::23', 128, CLOUD],
  ['fd20:ce::254', 128, CLOUD],
  ['fd00:c1::a9fe:a9fe', 128, CLOUD],
  ['fd00:42::42', 128, CLOUD],
  ['fd00:a9fe:a9fe::1', 128, CLOUD],
  ['fd00:100::100:200', 128, CLOUD],
  ['224.0.0.0', 3, RESERVED],
  ['ff00::', 8, RESERVED],
  [OWN_NETWORK.prefix, OWN_NETWORK.prefixLength, OWN],
  [OWN_NETWORK.prefix6, OWN_NETWORK.prefix6Length, OWN],
];

/** What everything is that the rule means; undefined if some of it can be opened. */
export function closedRange(rule: NetRule): string | undefined {
  if (rule.kind !== 'address') return undefined;
  return CLOSED.find(([address, prefixLength]) => isWithin(rule, address, prefixLength))?.[2];
}

function isWithin({ host, prefixLength }: NetRule, address: string, range: number): boolean {
  if (bitsOf(host) !== bitsOf(address) || prefixLength < range) return false;
  return bitString(host).slice(0, range) === bitString(address).slice(0, range);
}

/** Whether a prefix of IPv6 would mean all of IPv4, too, whose addresses IPv6 maps. */
export function holdsIPv4({ host, prefixLength }: NetRule): boolean {
  if (bitsOf(host) === 32 || prefixLength > 96) return false;
  return bitString(host).slice(0, prefixLength) === MAPPED.slice(0, prefixLength);
}

const bitString = (address: string): string =>
  [...addressBytes(address)].map((byte) => byte.toString(2).padStart(8, '0')).join('');

/** The first 96 bits of ::ffff:0:0/96. */
const MAPPED = '1'.repeat(16).padStart(96, '0');
