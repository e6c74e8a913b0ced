/** A box's /etc/resolv.conf. */
import { readFile } from 'node:fs/promises';
import { BoxliteError, errnoOf, fileError } from '../../../errors.js';
import { isAddress } from '../../../host/ip-address.js';
import type { NetworkAddresses } from './attachment.js';
import { OWN_NETWORK } from './own-network.js';

const HOST_FILE = '/etc/resolv.conf';

export interface ResolverOptions {
  /** Addresses of name servers; the first answer counts. Default: the host's. */
  dns?: string | string[];
  /** Search domains for bare names; default: the host's. `['.']` for none. */
  dnsSearch?: string[];
  /** As in resolv.conf(5): `ndots:2`; default: the host's. */
  dnsOptions?: string[];
}

/** The settled options; missing ones are the host's at each start. */
export interface ResolverSpec {
  dns?: string[];
  dnsSearch?: string[];
  dnsOptions?: string[];
}

/** @param network whether the box has a network @throws invalid-argument */
export function settleResolver(options: ResolverOptions, network: boolean): ResolverSpec {
  const dns = [options.dns ?? []].flat();
  const { dnsSearch = [], dnsOptions = [] } = options;
  for (const address of dns) checkNameServer(address);
  for (const domain of dnsSearch) checkSearch(domain);
  for (const option of dnsOptions) checkOption(option);
  const given = [
    ...(dns.length > 0 ? ['--dns'] : []),
    ...(dnsSearch.length > 0 ? ['--dns-search'] : []),
    ...(dnsOptions.length > 0 ? ['--dns-option'] : []),
  ];
  if (!network && given.length > 0)
    throw new BoxliteError('invalid-argument', 'a box without a network has no name server', {
      hint: `leave out either ${given.join(' and ')} or --network none`,
    });
  return {
    ...(dns.length > 0 && { dns }),
    ...(dnsSearch.length > 0 && { dnsSearch }),
    ...(dnsOptions.length > 0 && { dnsOptions }),
  };
}

/** The host's file; empty if it has none. */
export async function hostResolvConf(): Promise<string> {
  try {
    return await readFile(HOST_FILE, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw fileError(error, `read ${HOST_FILE}`);
  }
}

/**
 * @param host the text of the host's own file
 * @param network whose resolver the box asks
 * @param named whether other boxes are found by names of one word: these are then asked for as they are, before
 *   the search list is tried (Docker's rule)
 */
export function resolvConf(
  spec: ResolverSpec,
  host: string,
  network: Pick<NetworkAddresses, 'resolver'> = OWN_NETWORK,
  named = false,
): string {
  const servers = spec.dns ?? [network.resolver];
  const search = (spec.dnsSearch ?? hostSearch(host)).filter((domain) => domain !== '.');
  const options = [...(spec.dnsOptions ?? hostOptions(host))];
  if (named && !options.some((option) => option.startsWith('ndots:'))) options.push('ndots:0');
  return [
    ...servers.map((address) => `nameserver ${address}\n`),
    ...(search.length > 0 ? [`search ${search.join(' ')}\n`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('');
}

/** The last line of the two kinds counts (resolv.conf(5)). */
function hostSearch(host: string): string[] {
  const lines = linesOf(host, ['search', 'domain']);
  return (lines.at(-1) ?? []).filter((domain) => SEARCH.test(domain));
}

function hostOptions(host: string): string[] {
  return [...new Set(linesOf(host, ['options']).flat())].filter((option) => OPTION.test(option));
}

/** The words after each occurrence of these keywords. */
function linesOf(text: string, keywords: readonly string[]): string[][] {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/[#;].*/, '')
        .trim()
        .split(/\s+/),
    )
    .filter(([keyword = '']) => keywords.includes(keyword))
    .map(([, ...words]) => words);
}

const SEARCH = /^(?:\.|[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,252}[a-zA-Z0-9_.])?)$/;
const OPTION = /^[a-zA-Z0-9_-]+(?::[a-zA-Z0-9_.-]+)?$/;

function checkNameServer(address: string): void {
  if (!isAddress(address))
    throw new BoxliteError('invalid-argument', `${address} is not an ip address`, {
      hint: 'give an address, such as 192.0.2.53 or 2001:db8::53',
    });
}

function checkSearch(domain: string): void {
  if (!SEARCH.test(domain))
    throw new BoxliteError('invalid-argument', `${domain} is not a valid domain`);
}

function checkOption(option: string): void {
  if (!OPTION.test(option))
    throw new BoxliteError('invalid-argument', `"${option}" is not an option of resolv.conf`, {
      hint: 'as in --dns-option ndots:2',
    });
}
