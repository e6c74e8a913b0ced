import { BoxliteError } from '../../../errors.js';
import type { BoxOptions } from '../options.js';
import { hostsLines } from './name-resolution.js';
import { settleResolver } from './resolv-conf.js';

const HOSTNAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,62}[a-zA-Z0-9])?$/;

/**
 * A box's names and addresses, and how it resolves names. Checked here, so a mistake shows when the box is
 * created, not when it starts.
 * @throws invalid-argument
 */
export function settleNetworkIdentity(options: BoxOptions) {
  const { extraHosts = [], domainname = '', macAddress, network } = options;
  hostsLines(extraHosts);
  if (macAddress !== undefined && network === 'none')
    throw new BoxliteError('invalid-argument', 'a box without a network has no MAC address', {
      hint: 'leave out either --mac-address or --network none',
    });
  return {
    extraHosts,
    ...(domainname !== '' && { domainname: checkDomainname(domainname) }),
    ...(macAddress !== undefined && { macAddress: checkMacAddress(macAddress) }),
    ...settleResolver(options, network !== 'none'),
  };
}

/** @throws invalid-argument */
export function checkHostname(hostname: string): string {
  if (HOSTNAME.test(hostname)) return hostname;
  throw new BoxliteError('invalid-argument', `invalid hostname "${hostname}"`);
}

function checkDomainname(domainname: string): string {
  if (HOSTNAME.test(domainname)) return domainname;
  throw new BoxliteError('invalid-argument', `invalid domain name "${domainname}"`);
}

/** Accepts only unicast addresses. */
function checkMacAddress(address: string): string {
  const lower = address.toLowerCase().replaceAll('-', ':');
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(lower))
    throw new BoxliteError('invalid-argument', `${address} is not a valid mac address`);
  if ((parseInt(lower.slice(0, 2), 16) & 1) === 1 || lower === '00:00:00:00:00:00')
    throw new BoxliteError('invalid-argument', `${address} is not the address of an interface`, {
      hint: 'the last bit of its first byte must be 0, as in 02:42:ac:11:00:02',
    });
  return lower;
}
