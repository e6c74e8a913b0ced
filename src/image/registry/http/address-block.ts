import { BlockList, isIP } from 'node:net';

/** Whether a host is an address in the block. */
export type InBlock = (host: string) => boolean;

/**
 * Parses an address or a CIDR block (`10.0.0.0/8`, `fd00::/8`); undefined when it is neither.
 * @returns a test that is true only for IP addresses: it resolves no names
 */
export function parseAddressBlock(text: string): InBlock | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  if (version === 0 || more.length > 0) return undefined;
  if (bits !== undefined && !(/^[0-9]{1,3}$/.test(bits) && Number(bits) <= longest))
    return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(address, bits === undefined ? longest : Number(bits), family);
  return (host) => isIP(host) === version && block.check(host, family);
}
