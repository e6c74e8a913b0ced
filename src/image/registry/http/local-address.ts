/**
 * A registry chooses its token server and where its blobs are. A remote one must not direct us to
 * what only this machine can reach: services on its loopback, and its cloud's metadata service,
 * which gives credentials to anyone who asks. The address we connect to decides, since an
 * attacker's name may resolve to any address, and to another one next time. Private networks stay
 * allowed: many a registry in one has its storage there.
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
  // Alibaba's metadata service, and the host service of Azure's VMs.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
] as const)
  LOCAL.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  // Amazon's metadata service.
  ['fd00:ec2::254', 128],
] as const)
  LOCAL.addSubnet(network, bits, 'ipv6');

/** @param address without a zone; an IPv4-mapped IPv6 address counts as IPv4 */
export function isLocalAddress(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && LOCAL.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Refuses a host that is local by its name; `lookUpOutside` or the proxy checks any other.
 * @throws BoxliteError `registry-protocol`
 */
export function refuseLocal(url: URL): void {
  const host = bareHost(url.hostname);
  if (isLocalAddress(host) || host === 'localhost' || host.endsWith('.localhost'))
    throw leadsHere(host);
}

/** The system's look-up without this machine's addresses, so that nothing can connect to them. */
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
