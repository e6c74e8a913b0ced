/**
 * A registry says where tokens are had, and redirects to where its blobs lie. From outside, it must not lead us
 * to what only this machine reaches: services on its loopback, and the metadata service of its cloud, which
 * gives credentials to whoever asks. The address that is connected to is what counts, since the name of an attacker
 * may resolve to any, and to another one the next time. Private networks are left open: many a registry in one has
 * its storage there.
 */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { BoxliteError } from '../../../errors.js';
import { bareHost } from './proxy.js';

const LOCAL = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  // Alibaba's metadata, and what Azure's machines ask their host.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
] as const)
  LOCAL.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  // Amazon's metadata.
  ['fd00:ec2::254', 128],
] as const)
  LOCAL.addSubnet(network, bits, 'ipv6');

/** @param address without a zone; IPv4 in IPv6's clothes counts as what it is */
export function isLocalAddress(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && LOCAL.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Refuses a host whose name tells already; any other is left to `lookUpOutside`, or to the proxy.
 * @throws BoxliteError `registry-protocol`
 */
export function refuseLocal(url: URL): void {
  const host = bareHost(url.hostname);
  if (isLocalAddress(host) || host === 'localhost' || host.endsWith('.localhost'))
    throw leadsHere(host);
}

/** The system's look-up without the addresses of this machine, so that nothing can connect to them. */
export const lookUpOutside: LookupFunction = (host, options, found) => {
  lookup(host, { ...options, all: true }, (error, all) => {
    if (error !== null) {
      found(error, []);
      return;
    }
    const outside = all.filter(({ address }) => !isLocalAddress(address));
    const [first] = outside;
    if (first === undefined) found(leadsHere(host), []);
    else if (options.all === true) found(null, outside);
    else found(null, first.address, first.family);
  });
};

function leadsHere(host: string): BoxliteError {
  return new BoxliteError(
    'registry-protocol',
    `the registry leads to ${host}, an address that only this machine reaches`,
    { hint: 'only a registry of this machine, or one that is marked as insecure, may do so' },
  );
}
