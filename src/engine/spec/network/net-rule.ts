/** The text of a rule of what a box may reach, as `--allow-net` and `--deny-net` take it. */
import { isIPv4 } from 'node:net';
import { BoxliteError } from '../../../errors.js';
import { addressBytes, bitsOf, isAddress, isIPv6 } from '../../../host/ip-address.js';
import { parseHostAddress } from './host-address.js';

export interface NetRule {
  /** `below`: all names below this one, but not itself. */
  kind: 'address' | 'name' | 'below';
  /** An address of IPv4 or IPv6, or a name without `*.`. */
  host: string;
  /** Of the 32 or 128 bits of an address; 0 for a name. */
  prefixLength: number;
  /** Missing: each. */
  protocol?: RuleProtocol;
  /** First and last; missing: all. */
  ports?: readonly [first: number, last: number];
}

export type RuleProtocol = 'tcp' | 'udp' | 'icmp';

/**
 * @param text `HOST[:PORT[-LAST]][/PROTOCOL]`, where HOST is a name, `*.NAME`, an address or a CIDR; one of
 *   IPv6 is in brackets where a port follows
 * @throws invalid-argument
 */
export function parseNetRule(text: string): NetRule {
  const [, target = '', given] = /^(.*?)(?:\/(tcp|udp|icmp))?$/i.exec(text) ?? [];
  const protocol = given?.toLowerCase() as RuleProtocol | undefined;
  const { host, length, port } = partsOf(target, text);
  const ports = port === undefined ? undefined : portsOf(port, text);
  if (protocol === 'icmp' && ports !== undefined)
    throw invalid(text, 'ICMP has no ports', 'leave out the port, or the protocol');
  return {
    ...(isAddress(host) ? addressRule(host, length, text) : nameRule(host, length, text)),
    ...(protocol && { protocol }),
    ...(ports && { ports }),
  };
}

/** One spelling for each rule, which `parseNetRule` reads. */
export function netRuleText({ kind, host, prefixLength, protocol, ports }: NetRule): string {
  const isWhole = kind !== 'address' || prefixLength === bitsOf(host);
  return [
    kind === 'below' ? '*.' : '',
    host.includes(':') && ports !== undefined ? `[${host}]` : host,
    isWhole ? '' : `/${prefixLength}`,
    ports === undefined ? '' : `:${ports[0] === ports[1] ? ports[0] : ports.join('-')}`,
    protocol === undefined ? '' : `/${protocol}`,
  ].join('');
}

interface Parts {
  host: string;
  length: string | undefined;
  port: string | undefined;
}

const BRACKETED = /^\[([^\]]+)\](?:\/(\d+))?(?::(.*))?$/;
/** Without brackets every colon belongs to the address. */
const IPV6 = /^([0-9a-f:.]*:[0-9a-f.]*:[0-9a-f:.]*)(?:\/(\d+))?$/i;
const PLAIN = /^([^:/[\]]+)(?:\/(\d+))?(?::([^:/]*))?$/;

function partsOf(target: string, text: string): Parts {
  const bracketed = BRACKETED.exec(target);
  const [, host, length, port] = bracketed ?? IPV6.exec(target) ?? PLAIN.exec(target) ?? [];
  if (host === undefined || (bracketed && !isIPv6(host)))
    throw invalid(text, 'it is not HOST[:PORT[-LAST]][/tcp|udp|icmp]', EXAMPLES);
  return { host, length, port };
}

function portsOf(port: string, text: string): [number, number] {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port) ?? [];
  const [first, last] = [Number(from ?? 0), Number(to ?? 0)];
  if (first < 1 || last < first || last > 65_535)
    throw invalid(text, `"${port}" is no port`, 'give a port from 1 to 65535, or a range: 80-89');
  return [first, last];
}

function addressRule(given: string, length: string | undefined, text: string) {
  const host = parseHostAddress(given);
  // What IPv6 maps is judged as IPv4, and so is its prefix.
  const mapped = bitsOf(given) - bitsOf(host);
  const prefixLength = length === undefined ? bitsOf(host) : Number(length) - mapped;
  if (prefixLength < 0 || prefixLength > bitsOf(host))
    throw invalid(text, `/${length} is no prefix of ${given}`, EXAMPLES);
  return { kind: 'address' as const, host: networkOf(host, prefixLength), prefixLength };
}

/** The first address of the prefix. */
function networkOf(address: string, prefixLength: number): string {
  const bytes = addressBytes(address);
  for (const [index, byte] of bytes.entries()) {
    const kept = Math.min(Math.max(prefixLength - index * 8, 0), 8);
    bytes[index] = byte & (0xff00 >> kept);
  }
  if (isIPv4(address)) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(index * 2).toString(16),
  );
  return parseHostAddress(groups.join(':'));
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function nameRule(given: string, length: string | undefined, text: string) {
  if (length !== undefined) throw invalid(text, 'a name has no prefix length', EXAMPLES);
  const whole = given.toLowerCase().replace(/\.$/, '');
  const below = whole.startsWith('*.');
  const host = below ? whole.slice(2) : whole;
  if (/[^\0-\x7f]/.test(host))
    throw invalid(text, 'it is not in ASCII', 'give an international name as it is sent: xn--…');
  if (whole === '*')
    throw invalid(text, 'it names every host', 'give 0.0.0.0/0 for all of IPv4, 2000::/3 for IPv6');
  if (host.includes('*'))
    throw invalid(text, '* is not all that is before the first dot', 'as in *.example.com');
  const labels = host.split('.');
  if (host.length > 253 || !labels.every((label) => LABEL.test(label)))
    throw invalid(text, `"${host}" is no name`, EXAMPLES);
  // Programs read 127.1, 010.0.0.1 and 0x7f000001 as addresses.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? ''))
    throw invalid(text, `"${host}" is neither a name nor an address`, 'write addresses in full');
  return { kind: below ? ('below' as const) : ('name' as const), host, prefixLength: 0 };
}

const EXAMPLES = 'as in git.example.com, *.example.com:443, 10.0.0.0/8:53/udp or [2001:db8::1]:443';

const invalid = (text: string, why: string, hint: string): BoxliteError =>
  new BoxliteError('invalid-argument', `invalid rule "${text}": ${why}`, { hint });
