/** Names that a box resolves without its name server. */
import { isIP } from 'node:net';
import { BoxliteError } from '../../../errors.js';
import { OWN_NETWORK } from './own-network.js';

/**
 * Lines of /etc/hosts.
 * @param entries `NAME:IP` or `NAME=IP` each; an address may be in brackets, or `host-gateway`
 * @throws invalid-argument
 */
export function hostsLines(entries: readonly string[]): string {
  return entries.map(hostsLine).join('');
}

function hostsLine(entry: string): string {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? [];
  if (!/^[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9_])?$/.test(name))
    throw new BoxliteError('invalid-argument', `bad format for add-host: "${entry}"`, {
      hint: 'give NAME:IP, such as db:10.0.0.5',
    });
  const ip = address === 'host-gateway' ? OWN_NETWORK.gateway : address.replace(/^\[(.*)\]$/, '$1');
  if (isIP(ip) === 0)
    throw new BoxliteError('invalid-argument', `invalid IP address in add-host: "${address}"`);
  return `${ip}\t${name}\n`;
}
