import { BoxliteError } from '../../errors.js';
import type { Credentials } from '../registry/auth/credentials.js';
import { CredentialHelper } from './credential-helper.js';
import { DockerConfig, type SavedLogin } from './docker-config.js';
import { keyOfRegistry, oldKeysOfRegistry } from './server-address.js';

/** Where a log-in was put. */
export interface Saved {
  /** Docker's configuration file. */
  file: string;
  /** The program that keeps the secret; undefined = it stands in the file, for whoever can read it. */
  helper: string | undefined;
}

/**
 * The credentials that Docker's users have: those of `DOCKER_AUTH_CONFIG`, which no log-in writes, come before
 * those that are kept by a helper of the registry's own (`credHelpers`),
 * else by the one for all (`credsStore`), else in the file (`auths`). A helper that has none is an
 * answer; the file is not asked then.
 */
export class CredentialStore {
  /**
   * @param directory holds `config.json`
   * @param environment of the helpers, and where `DOCKER_AUTH_CONFIG` is looked up
   */
  constructor(
    private readonly directory: string,
    private readonly environment: NodeJS.ProcessEnv = process.env,
  ) {}

  /**
   * @param registry host[:port], `docker.io` for Docker Hub
   * @throws BoxliteError `registry-auth` of a helper, `invalid-argument`, `permission` of the file
   */
  async get(registry: string): Promise<Credentials | undefined> {
    const given = DockerConfig.fromEnvironment(this.environment)?.credentialsOf(registry);
    if (given !== undefined) return given;
    const config = await DockerConfig.read(this.directory);
    const key = keyOfRegistry(registry);
    const helper = this.#helper(config, key);
    return helper === undefined ? config.credentialsOf(registry) : helper.get(key);
  }

  async put(registry: string, login: SavedLogin): Promise<Saved> {
    const key = keyOfRegistry(registry);
    const config = await DockerConfig.read(this.directory);
    const helper = this.#helper(config, key);
    await helper?.store(key, login);
    // A helper may have taken its time; the file may be another by now.
    const now = helper === undefined ? config : await DockerConfig.read(this.directory);
    await now.withLogin(key, helper === undefined ? login : undefined).write();
    return { file: config.path, helper: helper?.program };
  }

  /**
   * Forgets a registry under all its spellings. One that is not there is forgotten already.
   * @returns why a spelling could not be erased; empty when the registry is forgotten
   */
  async erase(registry: string): Promise<BoxliteError[]> {
    const keys = [keyOfRegistry(registry), ...oldKeysOfRegistry(registry)];
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
    await this.#helper(config, key)?.erase(key);
    const current = await DockerConfig.read(this.directory);
    const without = current.withoutLogin(key);
    if (without !== current) await without.write();
  }

  #helper(config: DockerConfig, key: string): CredentialHelper | undefined {
    const name = config.helperFor(key);
    return name === undefined ? undefined : new CredentialHelper(name, this.environment);
  }
}
