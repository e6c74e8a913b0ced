import { BoxliteError } from '../../errors.js';
import { parseReference } from '../oci/reference.js';

/** Docker's key for Docker Hub's credentials, from before registries had names of their own. */
export const HUB_KEY = 'https://index.docker.io/v1/';

/** Where Docker keeps the tokens of a log-in by browser, beside the credentials it made of them. */
const HUB_TOKEN_KEYS = [`${HUB_KEY}access-token`, `${HUB_KEY}refresh-token`];

const HUB_NAMES = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * The registry given to `login` or `logout`: a name, or a URL of which only host and port count;
 * undefined means Docker Hub.
 * @returns host[:port] as in image names, `docker.io` for Docker Hub
 * @throws BoxliteError `invalid-argument`
 */
export function registryOfServer(server: string | undefined): string {
  const host = hostOf(server ?? '');
  if (server === undefined || server === '' || HUB_NAMES.has(host)) return 'docker.io';
  if (isRegistry(host)) return host;
  // What precedes an @ may be a password.
  const shown = JSON.stringify(server.replace(/[^/]*@/g, '…@'));
  throw new BoxliteError('invalid-argument', `not a registry: ${shown}`, {
    hint: 'write it as HOST[:PORT]',
  });
}

/** The key of a registry's credentials, in Docker's configuration and in its helpers. */
export function keyOfRegistry(registry: string): string {
  return HUB_NAMES.has(registry) ? HUB_KEY : registry;
}

/** Other keys under which programs may have saved them, or what they came from. */
export function oldKeysOfRegistry(registry: string): string[] {
  if (HUB_NAMES.has(registry)) return [...HUB_NAMES, ...HUB_TOKEN_KEYS];
  return [`http://${registry}`, `https://${registry}`];
}

export const isHubToken = (key: string): boolean => HUB_TOKEN_KEYS.includes(key);

/** Whether a key of `auths` means the registry: by its host, whatever surrounds it. */
export function isKeyOf(key: string, registry: string): boolean {
  if (isHubToken(key)) return false;
  const host = hostOf(key);
  const wanted = registry.toLowerCase();
  return HUB_NAMES.has(wanted) ? HUB_NAMES.has(host) : host === wanted;
}

function hostOf(server: string): string {
  return server
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/.*$/s, '')
    .toLowerCase();
}

/**
 * `localhost`, `quay.io` and `host:5000` look like registries; here any other host name is one too.
 */
function isRegistry(host: string): boolean {
  const withPort = /[:.]/.test(host) ? host : `${host}:443`;
  try {
    return parseReference(`${withPort}/name`).registry === withPort;
  } catch {
    return false;
  }
}
