import { isIP } from 'node:net';
import { BoxliteError } from '../../../errors.js';
import { parseAddressBlock } from './address-block.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the proxy that a request must take; undefined means straight to the server.
 * @throws BoxliteError `invalid-argument`, `unsupported` for a proxy that can't be used, by its variable
 */
export type ProxyFinder = (url: URL) => URL | undefined;

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/**
 * Follows `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` in either case, by the rules of Go's
 * `golang.org/x/net/http/httpproxy`, which are Docker's: this machine is never reached by a proxy;
 * a name in `NO_PROXY` stands for itself and what is below it, with a dot in front only for what is
 * below it; an address may be a CIDR block, anything may carry a port, and `*` is everything.
 */
export function proxyFinder(environment: Environment): ProxyFinder {
  const exempt = parseNoProxy(eitherCase(environment, 'NO_PROXY').value);
  return (url) => {
    const host = bareHost(url.hostname);
    if (isThisMachine(host) || exempt(host, portOf(url))) return undefined;
    return parseProxy(environment, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  };
}

/** Without the brackets of an IPv6 address and the dot at the end of a full name. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export function portOf(url: URL): string {
  return url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? '') : url.port;
}

/** The credentials in a proxy's URL, as the header that carries them. */
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
  // The value may hold a password, so it is not repeated.
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

/** `.example.com` and `*.example.com` leave out the name itself. */
function nameOrBelow(name: string): (host: string) => boolean {
  const suffix = name.replace(/^\*(?=\.)/, '');
  if (suffix === '') return () => false;
  return suffix.startsWith('.')
    ? (host) => host.endsWith(suffix)
    : (host) => host === suffix || host.endsWith(`.${suffix}`);
}
