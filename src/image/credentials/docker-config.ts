import { randomBytes } from 'node:crypto';
import { lstat, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { makeDirectories } from '../../host/host-path.js';
import { JsonReader } from '../oci/json-reader.js';
import type { Credentials } from '../registry/auth/credentials.js';
import { isKeyOf, keyOfRegistry, registryOfServer } from './server-address.js';

/** What a log-in saves. */
export type SavedLogin =
  { username: string; password: string } | { username: string; identityToken: string };

const PROXIES = [
  ['httpProxy', 'HTTP_PROXY'],
  ['httpsProxy', 'HTTPS_PROXY'],
  ['noProxy', 'NO_PROXY'],
  ['ftpProxy', 'FTP_PROXY'],
  ['allProxy', 'ALL_PROXY'],
] as const;

/** Credentials for programs without a home directory, such as CI jobs. */
const AUTH_VARIABLE = 'DOCKER_AUTH_CONFIG';

type Entry = Record<string, string>;

/** Where Docker keeps its configuration: `$DOCKER_CONFIG`, else `~/.docker`. */
export function dockerConfigDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment.DOCKER_CONFIG ?? '';
  return given === '' ? join(homedir(), '.docker') : given;
}

/**
 * Docker's `config.json`: which helper keeps a registry's credentials (`credHelpers`,
 * `credsStore`), and the credentials in the file itself (`auths`). The file belongs to Docker and
 * others, so we preserve what we don't know.
 */
export class DockerConfig {
  readonly #document: Readonly<Record<string, unknown>>;
  readonly #reader: JsonReader;

  private constructor(
    readonly path: string,
    document: Readonly<Record<string, unknown>>,
  ) {
    this.#document = document;
    this.#reader = JsonReader.of(document, path, 'invalid-argument');
  }

  /**
   * Reads the file; a missing or empty one is an empty configuration.
   * @throws BoxliteError `invalid-argument` for a malformed one, `permission`
   */
  static async read(directory: string): Promise<DockerConfig> {
    const path = join(directory, 'config.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return new DockerConfig(path, {});
      throw fileError(error, `read ${path}`);
    }
    // Without the byte order mark that some editors put in front.
    const document = text.trim();
    return new DockerConfig(path, document === '' ? {} : parse(document, path, FILE_HINT));
  }

  /**
   * The content of `DOCKER_AUTH_CONFIG`: `auths` as in the file; anything else in it is ignored.
   * @returns undefined when the variable is unset or empty
   * @throws BoxliteError `invalid-argument` that names the variable, never its content
   */
  static fromEnvironment(
    environment: NodeJS.ProcessEnv,
  ): Pick<DockerConfig, 'credentialsOf'> | undefined {
    const text = (environment[AUTH_VARIABLE] ?? '').trim();
    if (text === '') return undefined;
    const hint = 'write it as Docker\'s {"auths": {"HOST": {"auth": "…"}}}, or unset it';
    return new DockerConfig(AUTH_VARIABLE, parse(text, AUTH_VARIABLE, hint));
  }

  /**
   * The helper to ask for a registry: its own, else the one for all; undefined = this file.
   * @param key Docker's key for the registry; the file may spell it differently
   */
  helperFor(key: string): string | undefined {
    const own = this.#reader.optionalObject('credHelpers');
    const written = own && spellingsIn(own, key)[0];
    // An empty name is a choice too: this registry's credentials are in the file.
    return written === undefined
      ? this.#reader.nonEmptyString('credsStore')
      : own?.nonEmptyString(written);
  }

  /**
   * The first that an entry of the registry holds: an empty one marks what a helper keeps, or kept.
   * @throws BoxliteError `invalid-argument` that names the entry, never its content
   */
  credentialsOf(registry: string): Credentials | undefined {
    const auths = this.#reader.optionalObject('auths');
    for (const key of this.keysOf(registry)) {
      const entry = auths?.optionalObject(key);
      const found = entry && credentialsIn(entry);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The keys of a registry's entries in `auths`, Docker's own first. */
  keysOf(registry: string): string[] {
    const auths = this.#reader.optionalObject('auths');
    return auths === undefined ? [] : spellingsIn(auths, keyOfRegistry(registry));
  }

  /**
   * The proxy variables for boxes (`proxies`), as `NAME=VALUE`; each in upper and in lower case,
   * since programs read one or the other.
   * @param host address of the daemon; `default` applies when it has no entry
   * @throws BoxliteError `invalid-argument` that names the entry
   */
  proxyVariables(host: string): string[] {
    const all = this.#reader.optionalObject('proxies');
    const entry = all?.optionalObject(all.has(host) ? host : 'default');
    return PROXIES.flatMap(([key, name]) => {
      const value = entry?.nonEmptyString(key);
      return value === undefined ? [] : [`${name}=${value}`, `${name.toLowerCase()}=${value}`];
    });
  }

  /**
   * A copy with the log-in in the file; undefined leaves the mark of a log-in that a helper keeps.
   */
  withLogin(key: string, login: SavedLogin | undefined): DockerConfig {
    return this.#withAuths({ ...this.#auths(), [key]: login === undefined ? {} : entryOf(login) });
  }

  /** @returns itself when there is nothing to remove */
  withoutLogin(key: string): DockerConfig {
    const auths = this.#auths();
    if (!Object.hasOwn(auths, key)) return this;
    return this.#withAuths(Object.fromEntries(Object.entries(auths).filter(([k]) => k !== key)));
  }

  /**
   * Replaces the file atomically, readable only by its owner.
   * @throws BoxliteError `permission`, `no-space`
   */
  async write(): Promise<void> {
    try {
      makeDirectories(dirname(this.path), 0o700);
      const target = await behindLinks(this.path);
      await replace(target, `${JSON.stringify(this.#document, undefined, '\t')}\n`);
    } catch (error) {
      throw fileError(error, `write ${this.path}`);
    }
  }

  #auths(): Readonly<Record<string, unknown>> {
    // The reader checks it: an object, or absent.
    this.#reader.optionalObject('auths');
    return (this.#document.auths ?? {}) as Readonly<Record<string, unknown>>;
  }

  #withAuths(auths: Readonly<Record<string, unknown>>): DockerConfig {
    return new DockerConfig(this.path, { ...this.#document, auths });
  }
}

/** The keys of a registry's entries: Docker's spelling, then those of other programs. */
function spellingsIn(object: JsonReader, key: string): string[] {
  const own = object.has(key) ? [key] : [];
  const registry = registryOfServer(key);
  // An old spelling matches only itself: whoever asks by it also asks by Docker's.
  if (keyOfRegistry(registry) !== key) return own;
  return [...own, ...object.keys().filter((each) => each !== key && isKeyOf(each, registry))];
}

const FILE_HINT = 'repair it, or move it away and log in again';

/** The parser's own error would quote the file, including secrets. */
function parse(text: string, what: string, hint: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BoxliteError('invalid-argument', `${what} is not valid JSON`, { hint });
  }
  JsonReader.of(value, what, 'invalid-argument');
  return value as Record<string, unknown>;
}

function entryOf(login: SavedLogin): Entry {
  const password = 'password' in login ? login.password : '';
  return {
    auth: Buffer.from(`${login.username}:${password}`).toString('base64'),
    ...('identityToken' in login && { identitytoken: login.identityToken }),
  };
}

/** `auth` is base64 of `USER:PASSWORD`; only the password may contain colons. */
function credentialsIn(entry: JsonReader): Credentials | undefined {
  const registryToken = entry.nonEmptyString('registrytoken');
  if (registryToken !== undefined) {
    // It goes into a header as it is.
    if (/^[\x21-\x7e]+$/.test(registryToken)) return { registryToken };
    throw entry.fault('registrytoken', 'must be ASCII without spaces');
  }
  const identityToken = entry.nonEmptyString('identitytoken');
  if (identityToken !== undefined) return { identityToken };
  const auth = entry.nonEmptyString('auth');
  if (auth !== undefined) return decodeAuth(entry, auth);
  const [username, password] = [entry.nonEmptyString('username'), entry.nonEmptyString('password')];
  return username === undefined || password === undefined ? undefined : { username, password };
}

function decodeAuth(entry: JsonReader, auth: string): Credentials {
  const decoded = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(auth)
    ? Buffer.from(auth, 'base64').toString()
    : '';
  const colon = decoded.indexOf(':');
  if (colon < 1) throw entry.fault('auth', 'must be base64 of USER:PASSWORD');
  // Old versions of Docker padded the password.
  const password = decoded.slice(colon + 1).replace(/^\0+|\0+$/g, '');
  return { username: decoded.slice(0, colon), password };
}

/** The target of a symbolic link, even if it does not exist yet: the user wants the link kept. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    const isLink = await lstat(path).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    return isLink ? resolve(dirname(path), await readlink(path)) : path;
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.new-${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.datasync();
      // Under sudo, keep the user as the owner.
      const before = await stat(path).catch(() => undefined);
      if (before) await file.chown(before.uid, before.gid).catch(() => undefined);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
