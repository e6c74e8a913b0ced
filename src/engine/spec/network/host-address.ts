/** The host's addresses on which ports are published. */
import { isIPv4 } from 'node:net';
import { BoxliteError } from '../../../errors.js';
import { isIPv6 } from '../../../host/ip-address.js';

/**
 * One spelling for each address: `::1` for `0:0:0:0:0:0:0:1`, IPv4 for one that IPv6 maps.
 * @throws invalid-argument, in Docker's words
 */
export function parseHostAddress(text: string): string {
  if (isIPv4(text)) return text;
  if (!isIPv6(text))
    throw new BoxliteError('invalid-argument', `invalid IP address: ${text}`, {
      hint: 'give an address of this host, such as 127.0.0.1 or [::1]',
    });
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === '') return short;
  return [high, low].flatMap((word) => bytesOf(parseInt(word, 16))).join('.');
}

const bytesOf = (word: number): number[] => [word >> 8, word & 0xff];

/** `127.0.0.1:80` or `[::1]:80`. */
export function hostPortText(address: string, port: number | string): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Whether a socket on the one address keeps another off the other, with the same port. */
export function addressesCollide(one: string, other: string): boolean {
  if (one === other) return true;
  if (one.includes(':') !== other.includes(':')) return false;
  return isWildcard(one) || isWildcard(other);
}

const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::';
