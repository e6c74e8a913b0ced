import { BoxliteError } from '../../errors.js';
import type { Credentials } from '../registry/auth/credentials.js';
import { CredentialHelper } from './credential-helper.js';
import { DockerConfig, type SavedLogin } from './docker-config.js';
import { HUB_KEY, isHubToken, keyOfRegistry, oldKeysOfRegistry } from './server-address.js';

/** Where a log-in was saved. */
export interface Saved {
  /** Docker's configuration file. */
  file: string;
  /**
   * The program that keeps the secret; undefined = the file holds it, for anyone who can read that.
   */
  helper: string | undefined;
}

/**
 * The credentials that Docker would use. `DOCKER_AUTH_CONFIG`, to which no log-in writes, comes
 * first; then the registry's own helper (`credHelpers`), else the helper for all (`credsStore`),
 * else the file (`auths`). When a helper has none, that is the answer; the file is not consulted.
 */
export class CredentialStore {
  /**
   * @param directory holds `config.json`
   * @param environment passed to the helpers; provides `DOCKER_AUTH_CONFIG`
   */
  constructor(
    private readonly directory: string,
    private readonly environment: NodeJS.ProcessEnv = process.env,
  ) {}

  /**
   * @param registry host[:port], `docker.io` for Docker Hub
   * @param signal kills a helper
   * @throws BoxliteError `registry-auth` from a helper, `invalid-argument`, `permission` for the
   * file, `cancelled`
   */
  async get(registry: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const given = DockerConfig.fromEnvironment(this.environment)?.credentialsOf(registry);
    if (given !== undefined) return given;
    const config = await DockerConfig.read(this.directory);
    const key = keyOfRegistry(registry);
    const helper = this.#helper(config, key);
    return helper === undefined ? config.credentialsOf(registry) : helper.get(key, signal);
  }

  async put(registry: string, login: SavedLogin): Promise<Saved> {
    const key = keyOfRegistry(registry);
    const config = await DockerConfig.read(this.directory);
    const helper = this.#helper(config, key);
    await helper?.store(key, login);
    // The helper may have taken a while, and the file may have changed meanwhile.
    const now = helper === undefined ? config : await DockerConfig.read(this.directory);
    await now.withLogin(key, helper === undefined ? login : undefined).write();
    return { file: config.path, helper: helper?.program };
  }

  /**
   * Erases a registry under all its spellings; a missing one counts as erased.
   * @returns why a spelling could not be erased; empty when the registry is erased
   */
  async erase(registry: string): Promise<BoxliteError[]> {
    const config = await DockerConfig.read(this.directory);
    const keys = new Set([
      ...[keyOfRegistry(registry), ...oldKeysOfRegistry(registry)],
      ...config.keysOf(registry),
    ]);
    const failures: BoxliteError[] = [];
    for (const key of keys) {
      try {
        await this.#eraseKey(key);
      } catch (error) {
        if (!(error instanceof BoxliteError)) throw error;
        failures.push(error);
      }
    }
    return failures;
  }

  async #eraseKey(key: string): Promise<void> {
    const config = await DockerConfig.read(this.directory);
    // A log-in by browser keeps its tokens where the registry's own entry is.
    await this.#helper(config, isHubToken(key) ? HUB_KEY : key)?.erase(key);
    const current = await DockerConfig.read(this.directory);
    const without = current.withoutLogin(key);
    if (without !== current) await without.write();
  }

  #helper(config: DockerConfig, key: string): CredentialHelper | undefined {
    const name = config.helperFor(key);
    return name === undefined ? undefined : new CredentialHelper(name, this.environment);
  }
}
