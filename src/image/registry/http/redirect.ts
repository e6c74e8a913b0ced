import { BoxliteError } from '../../../errors.js';

/** How often one request may be redirected; a CDN needs one or two. */
export const MAX_REDIRECTS = 5;

export interface Hop {
  url: URL;
  headers: Record<string, string>;
}

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * The target of a redirect, and what may be sent there. A registry redirects blob requests to
 * another owner's storage, which must not learn the registry's credentials: `Authorization` and
 * cookies stay with their origin (scheme, host and port). A step from HTTPS to HTTP would expose
 * signed URLs on the wire and is refused, unless the registry is marked insecure.
 * @throws BoxliteError `registry-protocol`
 */
export function followRedirect(from: Hop, location: string | undefined, insecure: boolean): Hop {
  const url = parseLocation(from.url, location);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(from.url, `a ${url.protocol} address`);
  if (from.url.protocol === 'https:' && url.protocol === 'http:' && !insecure)
    throw refused(from.url, `plain HTTP at ${url.host}`);
  if (url.origin === from.url.origin) return { url, headers: from.headers };
  const kept = Object.entries(from.headers).filter(
    ([name]) => !['authorization', 'cookie'].includes(name.toLowerCase()),
  );
  return { url, headers: Object.fromEntries(kept) };
}

function parseLocation(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) throw refused(from, 'nowhere');
  const url = new URL(location, from);
  // We would send user names in a URL as credentials that nobody gave us.
  url.username = '';
  url.password = '';
  return url;
}

function refused(from: URL, where: string): BoxliteError {
  return new BoxliteError('registry-protocol', `${from.host} redirects to ${where}`);
}
