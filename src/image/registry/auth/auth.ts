import { BoxliteError } from '../../../errors.js';
import { shown } from '../server-message.js';
import { type Challenge, parseChallenges } from './challenge.js';
import { basicHeader, type Credentials, type CredentialSource } from './credentials.js';
import { requestToken, type Token, type TokenRequester } from './token.js';

export type { Credentials, CredentialSource } from './credentials.js';

export interface AuthorizerOptions {
  credentialsOf?: CredentialSource | undefined;
  /** Ends the look-up of the credentials. */
  signal?: AbortSignal | undefined;
  /** Allows plain HTTP to the registry's token server, even with credentials. */
  insecure: boolean;
  /** Asks token servers for an identity token; see `identityToken`. */
  offline?: boolean;
  /** Milliseconds of a monotonic clock. */
  now?: () => number;
}

interface Held {
  header: string;
  /** On the authorizer's clock. */
  expiresAt: number;
}

const MAX_OTHER_SCOPES = 4;

/** A token is renewed when this share of its life is left: the request takes time too. */
const RENEW_AT_LIFE_LEFT = 0.1;

/**
 * Answers one registry's 401s: with a bearer token from the realm they name, or with Basic. Keeps
 * tokens per service and scope until they expire; when several requests need the same one, only one
 * asks for it.
 */
export class Authorizer {
  readonly #registry: string;
  readonly #requester: TokenRequester;
  readonly #options: AuthorizerOptions;
  readonly #now: () => number;
  readonly #held = new Map<string, Promise<Held | undefined>>();
  /** For each scope, what to ask the token server for. */
  readonly #scopes = new Map<string, readonly string[]>();
  #challenge: Challenge | undefined;
  #credentials: Promise<Credentials | undefined> | undefined;
  #identityToken: string | undefined;

  constructor(registry: string, requester: TokenRequester, options: AuthorizerOptions) {
    this.#registry = registry;
    this.#requester = requester;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The token that the token server issued for future log-ins; only with `offline`. */
  get identityToken(): string | undefined {
    return this.#identityToken;
  }

  /**
   * The `Authorization` for a request with this scope; undefined before the registry has asked for
   * one.
   */
  async header(scope: string): Promise<string | undefined> {
    return this.#challenge && (await this.#obtain(this.#challenge, scope));
  }

  /**
   * Answers a 401.
   * @param asked the `WWW-Authenticate` header
   * @param refused the `Authorization` that the server refused with the 401
   * @returns the `Authorization` to send, or undefined when we have only the refused one
   */
  async answer(
    asked: string | undefined,
    scope: string,
    refused: string | undefined,
  ): Promise<string | undefined> {
    const challenge = chooseChallenge(asked);
    if (challenge === undefined) return undefined;
    this.#challenge = challenge;
    this.#noteScopes(challenge, scope);
    const key = keyOf(challenge, scope);
    const held = this.#held.get(key);
    if (held !== undefined && (await held)?.header === refused) this.#drop(key, held);
    const header = await this.#obtain(challenge, scope);
    return header === refused ? undefined : header;
  }

  /**
   * A registry behind a server that rewrites paths has another name for the repository, and takes
   * only a token for that. We ask for ours as well, and for no right but to pull.
   */
  #noteScopes({ parameters }: Challenge, scope: string): void {
    if (scope === '') return;
    const asked = (parameters.scope ?? '').split(/\s+/).filter((each) => each !== '');
    const others = asked
      .map(resourceOf)
      .filter((each) => each.startsWith('repository:') && each !== resourceOf(scope))
      .map((each) => `${each}:pull`);
    this.#scopes.set(scope, [scope, ...[...new Set(others)].slice(0, MAX_OTHER_SCOPES)]);
  }

  async #obtain(challenge: Challenge, scope: string): Promise<string | undefined> {
    const key = keyOf(challenge, scope);
    for (;;) {
      const pending = this.#held.get(key);
      if (pending === undefined) return this.#renew(key, this.#fetch(challenge, scope));
      const held = await pending;
      if (held !== undefined && held.expiresAt > this.#now()) return held.header;
      this.#drop(key, pending);
    }
  }

  async #renew(key: string, fetched: Promise<Held | undefined>): Promise<string | undefined> {
    this.#held.set(key, fetched);
    try {
      return (await fetched)?.header;
    } catch (error) {
      this.#drop(key, fetched);
      throw error;
    }
  }

  /** Only drops what the caller has seen: another request may have stored a newer token since. */
  #drop(key: string, seen: Promise<Held | undefined>): void {
    if (this.#held.get(key) === seen) this.#held.delete(key);
  }

  async #fetch(challenge: Challenge, scope: string): Promise<Held | undefined> {
    const credentials = await this.#lookUp();
    if (credentials !== undefined && 'registryToken' in credentials)
      return { header: `Bearer ${credentials.registryToken}`, expiresAt: Infinity };
    if (challenge.scheme === 'basic') {
      if (credentials === undefined || !('password' in credentials)) return undefined;
      const header = basicHeader(credentials.username, credentials.password);
      return { header, expiresAt: Infinity };
    }
    const { realm, service } = challenge.parameters;
    const begun = this.#now();
    const token = await requestToken(this.#requester, {
      registry: this.#registry,
      realm: this.#realmUrl(realm, credentials !== undefined),
      service: service === '' ? undefined : service,
      scopes: this.#scopes.get(scope) ?? [scope].filter((each) => each !== ''),
      credentials,
      offline: this.#options.offline === true,
    });
    this.#keepIdentity(token, credentials);
    return {
      header: `Bearer ${token.value}`,
      expiresAt: begun + token.lifetimeMs * (1 - RENEW_AT_LIFE_LEFT),
    };
  }

  #lookUp(): Promise<Credentials | undefined> {
    const { credentialsOf, signal } = this.#options;
    return (this.#credentials ??=
      credentialsOf?.(this.#registry, signal) ?? Promise.resolve(undefined));
  }

  /** An identity token may be valid for one trade only; the answer brings its successor. */
  #keepIdentity({ identityToken }: Token, credentials: Credentials | undefined): void {
    if (identityToken === undefined) return;
    if (this.#options.offline === true) this.#identityToken = identityToken;
    if (credentials !== undefined && 'identityToken' in credentials)
      this.#credentials = Promise.resolve({ identityToken });
  }

  /** Never sends credentials over plain HTTP to a realm, unless the registry is marked insecure. */
  #realmUrl(realm: string | undefined, secret: boolean): URL {
    const url = realm !== undefined && URL.canParse(realm) ? new URL(realm) : undefined;
    if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
      throw new BoxliteError(
        'registry-protocol',
        `${this.#registry} names no token server that could be asked: ${JSON.stringify(shown(realm ?? ''))}`,
        { hint: 'ask who runs the registry; its realm must be a whole https:// address' },
      );
    if (url.protocol === 'http:' && secret && !this.#options.insecure)
      throw new BoxliteError(
        'registry-protocol',
        `${this.#registry} wants its credentials sent to ${url.host} over plain HTTP`,
        { hint: 'mark the registry as insecure if everybody on the way may read them' },
      );
    // We would send them as credentials that nobody gave us.
    url.username = '';
    url.password = '';
    return url;
  }
}

function chooseChallenge(asked: string | undefined): Challenge | undefined {
  const challenges = parseChallenges(asked ?? '');
  const bearers = challenges.filter(({ scheme }) => scheme === 'bearer');
  // A challenge that names no token server can't be answered; another may.
  return (
    bearers.find(({ parameters }) => parameters.realm !== undefined) ??
    challenges.find(({ scheme }) => scheme === 'basic') ??
    bearers[0]
  );
}

/** `repository:library/alpine` of `repository:library/alpine:pull`. */
function resourceOf(scope: string): string {
  return scope.replace(/:[^:]*$/, '');
}

function keyOf({ scheme, parameters }: Challenge, scope: string): string {
  // The password is the same for all scopes.
  if (scheme === 'basic') return scheme;
  return JSON.stringify([scheme, parameters.realm, parameters.service, scope]);
}
