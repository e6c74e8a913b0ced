/** Prefixes of addresses, IPv4 and IPv6 alike. */
import { BoxliteError } from '../../../../errors.js';
import { addressBytes, bitsOf, isAddress } from '../../../../host/ip-address.js';

export interface Prefix {
  /** Bits of an address. */
  bits: 32 | 128;
  /** Its first address, as a number. */
  first: bigint;
  length: number;
}

/** @throws invalid-argument, in Go's words, and Docker's for one with bits beyond its length */
export function parsePrefix(text: string): Prefix {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const length = Number(digits);
  if (!isAddress(address) || length > bitsOf(address))
    throw new BoxliteError('invalid-argument', `invalid CIDR address: ${text}`, {
      hint: 'give ADDRESS/LENGTH, as in 172.30.0.0/16',
    });
  const prefix = prefixOf(address, length);
  if (addressNumber(address) !== prefix.first)
    throw new BoxliteError(
      'invalid-argument',
      `invalid subnet ${text}: it should be ${prefixText(prefix)}`,
    );
  return prefix;
}

/** The prefix of that length that an address is in. */
export function prefixOf(address: string, length: number): Prefix {
  const bits = bitsOf(address);
  const hostBits = BigInt(bits - length);
  return { bits, first: (addressNumber(address) >> hostBits) << hostBits, length };
}

export const prefixText = (prefix: Prefix): string => `${firstAddress(prefix)}/${prefix.length}`;

export const firstAddress = (prefix: Prefix): string => addressAt(prefix, 0n);

/** The address at that place of the prefix; −1 is the last one. */
export function addressAt(prefix: Prefix, index: bigint): string {
  return addressText(prefix.first + (index < 0n ? sizeOf(prefix) + index : index), prefix.bits);
}

/** How many addresses it has. */
export const sizeOf = ({ bits, length }: Prefix): bigint => 1n << BigInt(bits - length);

/** The place of one of its addresses. */
export const indexIn = (prefix: Prefix, address: string): bigint =>
  addressNumber(address) - prefix.first;

export function holdsAddress(prefix: Prefix, address: string): boolean {
  if (bitsOf(address) !== prefix.bits) return false;
  const index = indexIn(prefix, address);
  return index >= 0n && index < sizeOf(prefix);
}

export function overlaps(one: Prefix, other: Prefix): boolean {
  if (one.bits !== other.bits) return false;
  return one.first < other.first + sizeOf(other) && other.first < one.first + sizeOf(one);
}

/** One spelling for each address. */
export const plainAddress = (address: string): string =>
  addressText(addressNumber(address), bitsOf(address));

const addressNumber = (address: string): bigint =>
  BigInt(`0x${addressBytes(address).toString('hex')}`);

function addressText(value: bigint, bits: 32 | 128): string {
  const digits = value.toString(16).padStart(bits / 4, '0');
  if (bits === 32) return [...Buffer.from(digits, 'hex')].join('.');
  const groups = digits.match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
