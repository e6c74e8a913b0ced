/** Names that a box resolves without its name server. */
import { BoxliteError } from '../../../errors.js';
import { isAddress } from '../../../host/ip-address.js';
import type { NetworkAddresses } from './attachment.js';
import { OWN_NETWORK } from './own-network.js';

/**
 * Lines of /etc/hosts.
 * @param entries `NAME:IP` or `NAME=IP` each; an address may be in brackets, or `host-gateway`
 * @param network whose gateway `host-gateway` is
 * @throws invalid-argument
 */
export function hostsLines(
  entries: readonly string[],
  { gateway }: Pick<NetworkAddresses, 'gateway'> = OWN_NETWORK,
): string {
  return entries.map((entry) => hostsLine(entry, gateway)).join('');
}

function hostsLine(entry: string, gateway: string): string {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? [];
  if (!/^[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9_])?$/.test(name))
    throw new BoxliteError('invalid-argument', `bad format for add-host: "${entry}"`, {
      hint: 'give NAME:IP, such as db:10.0.0.5',
    });
  const ip = address === 'host-gateway' ? gateway : address.replace(/^\[(.*)\]$/, '$1');
  if (!isAddress(ip))
    throw new BoxliteError('invalid-argument', `invalid IP address in add-host: "${address}"`);
  return `${ip}\t${name}\n`;
}
