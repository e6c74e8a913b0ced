import { BoxliteError } from '../../errors.js';
import type { SavedLogin } from '../../image/credentials/docker-config.js';
import type { Credentials } from '../../image/registry/auth/credentials.js';
import type { RegistryOptions } from '../../image/registry/options.js';

export interface RegistrySettings {
  insecureRegistries: readonly string[];
  registryMirrors: Readonly<Record<string, readonly string[]>>;
  /** Files of private authorities, in PEM form. */
  caCertificates: readonly string[];
  /** Directory of Docker's `config.json`; undefined = where Docker looks for it. */
  dockerConfigDir: string | undefined;
}

export interface LoginRequest {
  /** host[:port] or a URL of it; default Docker Hub. */
  server?: string;
  username: string;
  password: string;
  signal?: AbortSignal;
}

export interface LoginResult {
  /** The key of the stored log-in: host[:port], `https://index.docker.io/v1/` for Docker Hub. */
  server: string;
  username: string;
  /** Docker's configuration file. */
  file: string;
  /** The program that stores the secret; undefined: the file itself does, unencrypted. */
  helper: string | undefined;
}

export interface StoredLogin {
  server: string;
  /** Undefined for a token without a name. */
  username: string | undefined;
}

export interface LogoutResult {
  server: string;
  /** Failures to erase it; empty if it was erased everywhere. */
  failures: BoxliteError[];
}

/** How to reach registries, and the credentials for them. */
export class Registries {
  readonly #settings: RegistrySettings;

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
  }

  /** @throws invalid-argument for a malformed proxy or certificate file, permission */
  async options(): Promise<RegistryOptions> {
    const { proxyFinder } = await import('../../image/registry/http/proxy.js');
    const { readTrust } = await import('../../image/registry/http/trust.js');
    const { insecureRegistries: insecure, registryMirrors: mirrors } = this.#settings;
    const trust = await readTrust(this.#settings.caCertificates);
    return {
      insecure,
      mirrors,
      trust,
      proxyFor: proxyFinder(process.env),
      credentials: async (registry, signal) => (await this.#store()).get(registry, signal),
    };
  }

  /** @throws registry-auth when the registry refuses; nothing is stored then */
  async login(request: LoginRequest): Promise<LoginResult> {
    const { registryOfServer } = await import('../../image/credentials/server-address.js');
    const { username, password, signal } = request;
    checkLoginText(username, password);
    const registry = registryOfServer(request.server);
    const identityToken = await this.#check(registry, { username, password }, signal);
    return this.#save(
      registry,
      identityToken === undefined ? { username, password } : { username, identityToken },
    );
  }

  /**
   * Logs in with the stored credentials.
   * @returns undefined when nothing is
   * @throws registry-auth when the registry does not take it any more
   */
  async loginAgain(server?: string, signal?: AbortSignal): Promise<StoredLogin | undefined> {
    const { registryOfServer, keyOfRegistry } =
      await import('../../image/credentials/server-address.js');
    const registry = registryOfServer(server);
    const credentials = await (await this.#store()).get(registry, signal);
    if (credentials === undefined) return undefined;
    await this.#check(registry, credentials, signal);
    return {
      server: keyOfRegistry(registry),
      username: 'username' in credentials ? credentials.username : undefined,
    };
  }

  async logout(server?: string): Promise<LogoutResult> {
    const { registryOfServer, keyOfRegistry } =
      await import('../../image/credentials/server-address.js');
    const registry = registryOfServer(server);
    const failures = await (await this.#store()).erase(registry);
    return { server: keyOfRegistry(registry), failures };
  }

  async #check(
    registry: string,
    credentials: Credentials,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { checkLogin } = await import('../../image/registry/auth/login.js');
    const options = await this.options();
    return checkLogin(registry, credentials, { ...options, ...(signal && { signal }) });
  }

  async #save(registry: string, login: SavedLogin): Promise<LoginResult> {
    const { keyOfRegistry } = await import('../../image/credentials/server-address.js');
    const { file, helper } = await (await this.#store()).put(registry, login);
    return { server: keyOfRegistry(registry), username: login.username, file, helper };
  }

  async #store() {
    const { CredentialStore } = await import('../../image/credentials/credential-store.js');
    const { dockerConfigDirectory } = await import('../../image/credentials/docker-config.js');
    return new CredentialStore(this.#settings.dockerConfigDir ?? dockerConfigDirectory());
  }
}

function checkLoginText(username: string, password: string): void {
  const refuse = (what: string): never => {
    throw new BoxliteError('invalid-argument', what);
  };
  if (username === '') refuse('a user name is required');
  if (password === '') refuse('a password is required');
  // Basic authentication and Docker's file end the name at the first colon (RFC 7617, 2).
  if (username.includes(':')) refuse('a user name can not hold a colon');
}
