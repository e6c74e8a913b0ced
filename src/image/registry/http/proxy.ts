import { isIP } from 'node:net';
import { BoxliteError } from '../../../errors.js';
import { parseAddressBlock } from './address-block.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the proxy for a request; undefined means a direct connection.
 * @throws BoxliteError `invalid-argument`, `unsupported` for an unusable proxy, naming its variable
 */
export type ProxyFinder = (url: URL) => URL | undefined;

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/**
 * Follows `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` in either case, by the rules of Go's
 * `golang.org/x/net/http/httpproxy`, which Docker uses: no proxy for this machine; a name in
 * `NO_PROXY` covers itself and its subdomains, with a leading dot only its subdomains; an address
 * may be a CIDR block, anything may have a port, and `*` is everything.
 */
export function proxyFinder(environment: Environment): ProxyFinder {
  const exempt = parseNoProxy(eitherCase(environment, 'NO_PROXY').value);
  return (url) => {
    const host = bareHost(url.hostname);
    if (isThisMachine(host) || exempt(host, portOf(url))) return undefined;
    return parseProxy(environment, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  };
}

/** Removes the brackets of an IPv6 address and the trailing dot of a full name. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export function portOf(url: URL): string {
  return url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? '') : url.port;
}

/** The credentials in a proxy's URL, as a header. */
export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function eitherCase(environment: Environment, name: string): { name: string; value: string } {
  const upper = environment[name] ?? '';
  const lower = name.toLowerCase();
  return upper === '' ? { name: lower, value: environment[lower] ?? '' } : { name, value: upper };
}

function parseProxy(environment: Environment, variable: string): URL | undefined {
  const { name, value } = eitherCase(environment, variable);
  if (value === '') return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  // The value may hold a password, so the message does not quote it.
  if (!URL.canParse(text) || new URL(text).hostname === '')
    throw new BoxliteError('invalid-argument', `${name} does not hold the address of a proxy`, {
      hint: 'write it as http://[USER:PASSWORD@]HOST:PORT',
    });
  const url = new URL(text);
  if (!(url.protocol in DEFAULT_PORTS))
    throw new BoxliteError(
      'unsupported',
      `${name} names a proxy of the kind ${JSON.stringify(url.protocol.slice(0, -1))}`,
      { hint: 'only http:// and https:// proxies are known' },
    );
  try {
    proxyAuthorization(url);
  } catch {
    throw new BoxliteError('invalid-argument', `${name} holds a malformed %-escape`);
  }
  return url;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

type Exemption = (host: string, port: string) => boolean;

function parseNoProxy(text: string): Exemption {
  const rules = text
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .map(parseExemption);
  return (host, port) => rules.some((rule) => rule(host, port));
}

function parseExemption(entry: string): Exemption {
  if (entry === '*') return () => true;
  if (entry.includes('/')) return parseAddressBlock(entry) ?? (() => false);
  const [, name = '', wantedPort] =
    /^(\[[^\]]*\]|[^:]*|[^:]*:.*:[^:]*)(?::([0-9]+))?$/.exec(entry) ?? [];
  const bare = bareHost(name);
  const matches = parseAddressBlock(bare) ?? nameOrBelow(bare);
  return (host, port) => matches(host) && (wantedPort === undefined || port === wantedPort);
}

/** `.example.com` and `*.example.com` exclude the name itself. */
function nameOrBelow(name: string): (host: string) => boolean {
  const suffix = name.replace(/^\*(?=\.)/, '');
  if (suffix === '') return () => false;
  return suffix.startsWith('.')
    ? (host) => host.endsWith(suffix)
    : (host) => host === suffix || host.endsWith(`.${suffix}`);
}
