import type { NetworkAttachment } from '../../engine/spec/network/named/asked-networks.js';
import { BoxliteError } from '../../errors.js';
import { splitFields } from './comma-separated.js';

/** A value of `--network`. */
export interface AskedNetwork extends Pick<NetworkAttachment, 'name' | 'ip' | 'ip6'> {
  aliases: string[];
  macAddress?: string;
}

const REFUSED: Readonly<Record<string, string>> = {
  'link-local-ip': "a box's link-local address can't be chosen",
  'driver-opt': 'an attachment has no options',
  'gw-priority': 'a box leaves by the first of its networks that is not internal',
};

/** `NAME`, or `name=NAME,alias=…,ip=…,ip6=…,mac-address=…` (Docker's opts/network.go). */
export function parseNetwork(text: string): AskedNetwork {
  if (!/\w+=\w+/.test(text)) return { name: text, aliases: [] };
  const network: AskedNetwork = { name: '', aliases: [] };
  for (const field of splitFields(text)) take(network, field);
  if (network.name === '') throw invalid('network name/id is not specified');
  return network;
}

function take(network: AskedNetwork, field: string): void {
  const at = field.indexOf('=');
  const key = field.slice(0, Math.max(at, 0)).trim().toLowerCase();
  const value = field.slice(at + 1).trim();
  if (key === '') throw invalid(`invalid field ${field}`);
  if (Object.hasOwn(REFUSED, key)) throw new BoxliteError('unsupported', REFUSED[key] ?? '');
  if (key === 'name') network.name = value;
  else if (key === 'alias') network.aliases.push(value);
  else if (key === 'ip' || key === 'ip6') network[key] = value;
  else if (key === 'mac-address') network.macAddress = value;
  else throw invalid(`invalid field key ${key}`);
}

const invalid = (message: string): BoxliteError =>
  new BoxliteError('invalid-argument', message, {
    hint: 'give a name, or name=NAME with alias=, ip=, ip6= or mac-address=',
  });
