/** Our identity at a registry. */
export type Credentials =
  | { username: string; password: string }
  /**
   * Exchanged for access tokens at the registry's token server (OAuth2 calls it a refresh token).
   */
  | { identityToken: string }
  /** Sent to the registry unchanged. */
  | { registryToken: string };

/** Looks up our credentials for a registry (host[:port]); undefined means anonymous. */
export type CredentialSource = (
  registry: string,
  signal?: AbortSignal,
) => Promise<Credentials | undefined>;

/** The `Authorization` header for a user name and password (RFC 7617). */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Removes from a server's message what we sent it as `Authorization`: our own messages must not
 * show a secret because a server repeats it.
 */
export function withoutSecrets(text: string, authorization: string | undefined): string {
  if (authorization === undefined) return text;
  const [scheme = '', value = ''] = authorization.split(' ');
  const pair = scheme === 'Basic' ? Buffer.from(value, 'base64').toString() : '';
  const secrets = [value, pair, pair.slice(pair.indexOf(':') + 1)];
  return secrets.reduce(
    (left, secret) => (secret === '' ? left : left.replaceAll(secret, '…')),
    text,
  );
}
