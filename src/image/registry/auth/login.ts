import { BoxliteError } from '../../../errors.js';
import { RegistryHost } from '../host.js';
import type { RegistryOptions } from '../options.js';
import { statusError, transportFailure } from '../registry-error.js';
import type { Credentials } from './credentials.js';

/**
 * Checks credentials with a registry: `GET /v2/` with the answer to its challenge.
 * @param registry host[:port], `docker.io` for Docker Hub
 * @returns the identity token to use from now on, if the registry issued one
 * @throws BoxliteError `registry-auth` when it refuses them; `registry-unreachable`,
 * `registry-protocol`
 */
export async function checkLogin(
  registry: string,
  credentials: Credentials,
  options: RegistryOptions = {},
): Promise<string | undefined> {
  const host = new RegistryHost(registry, {
    ...options,
    credentials: () => Promise.resolve(credentials),
    offline: true,
  });
  try {
    const response = await host.get('v2/', '', {});
    if (response.status === 401 && response.authorization === undefined) {
      response.discard();
      throw new BoxliteError(
        'registry-protocol',
        `${registry} asks for no credentials that we have (HTTP 401)`,
        { hint: 'check the name; a registry takes a user name and password, or a token for them' },
      );
    }
    if (response.status === 401 || response.status === 403) {
      response.discard();
      throw new BoxliteError(
        'registry-auth',
        `${registry} refuses the user name or password (HTTP ${response.status})`,
        { hint: 'check both; an access token goes in the place of the password' },
      );
    }
    if (response.status === 404) {
      response.discard();
      throw new BoxliteError('registry-protocol', `${registry} is not a registry (HTTP 404)`);
    }
    if (response.status !== 200) throw await statusError(response, registry, 'the log-in');
    response.discard();
    return host.identityToken;
  } catch (error) {
    throw transportFailure(error, registry, options.signal);
  } finally {
    host.close();
  }
}
