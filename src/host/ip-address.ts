/** IP addresses: which text is one, and the forms that native programs take. */
import { isIPv4 } from 'node:net';

/** Whether it is one, without a zone. */
export const isAddress = (text: string): boolean => isIPv4(text) || isIPv6(text);

/** Instead of Node's, whose regular expression takes milliseconds to compile (Node.js 20), at each start of a box. */
export const isIPv6 = (text: string): boolean =>
  /^[\da-f.]*:[\da-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]`);

export const bitsOf = (address: string): 32 | 128 => (isIPv4(address) ? 32 : 128);

/** 10.0.2.15 → 0x0a00020f */
export const ipv4Number = (address: string): number => addressBytes(address).readUInt32BE();

/** The 4 or 16 bytes of a valid address without a zone, in network order. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // A URL's host has neither leading zeros nor an IPv4 address at its end.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = [], after = []] = plain.split('::').map(groupsOf);
  const zeros = Array<number>(8 - before.length - after.length).fill(0);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => parseInt(group, 16));
