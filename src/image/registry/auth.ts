import { BoxliteError } from '../../errors.js';
import { JsonReader } from '../json-reader.js';
import { type Challenge, parseChallenges } from './challenge.js';
import type { HttpResponse } from './http.js';
import { readLimited } from './read-limited.js';

export interface Credentials {
  username: string;
  password: string;
}

/** Looks up who we are at a registry; undefined means anonymous. */
export type CredentialSource = (registry: string) => Promise<Credentials | undefined>;

type Get = (url: URL, headers: Record<string, string>) => Promise<HttpResponse>;

const MAX_TOKEN_ANSWER_BYTES = 256 * 1024;

/**
 * Answers one registry's 401s: a bearer token from the realm it names, anonymous or with
 * credentials, or Basic (distribution's `spec/auth/token`). Tokens are kept per scope.
 */
export class Authorizer {
  private readonly headers = new Map<string, string>();

  constructor(
    private readonly registry: string,
    private readonly get: Get,
    private readonly credentialsOf: CredentialSource = () => Promise.resolve(undefined),
    private readonly insecure = false,
  ) {}

  /** What to send with a request for this scope; undefined before the registry has asked. */
  known(scope: string): string | undefined {
    return this.headers.get(scope);
  }

  /**
   * Gets the answer to a 401.
   * @param asked the `WWW-Authenticate` header
   * @returns the `Authorization` to send, or undefined when we have none to give
   */
  async answer(asked: string | undefined, scope: string): Promise<string | undefined> {
    this.headers.delete(scope);
    const challenges = parseChallenges(asked ?? '');
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = challenges.some(({ scheme }) => scheme === 'basic');
    if (bearer === undefined && !basic) return undefined;
    const credentials = await this.credentialsOf(this.registry);
    const header =
      bearer === undefined
        ? credentials && basicHeader(credentials)
        : `Bearer ${await this.fetchToken(bearer, scope, credentials)}`;
    if (header !== undefined) this.headers.set(scope, header);
    return header;
  }

  private async fetchToken(
    { parameters }: Challenge,
    scope: string,
    credentials: Credentials | undefined,
  ): Promise<string> {
    const url = this.realmUrl(parameters.realm, credentials !== undefined);
    if (parameters.service) url.searchParams.set('service', parameters.service);
    url.searchParams.set('scope', scope);
    const response = await this.get(
      url,
      credentials === undefined ? {} : { authorization: basicHeader(credentials) },
    );
    if (response.status !== 200) {
      response.discard();
      throw new BoxliteError(
        response.status === 401 || response.status === 403 ? 'registry-auth' : 'registry-protocol',
        `${url.host} gave no token for ${scope} at ${this.registry} (HTTP ${response.status})`,
      );
    }
    const what = `token answer of ${url.host}`;
    const reader = JsonReader.parse(
      await readLimited(response.body, MAX_TOKEN_ANSWER_BYTES, what),
      what,
    );
    const token = reader.optionalString('token') ?? reader.optionalString('access_token');
    // The token goes into a header, and its sender must not add one of his own.
    if (token && /^[\x21-\x7e]+$/.test(token)) return token;
    throw new BoxliteError('registry-protocol', `${what} holds no usable token`);
  }

  /** Credentials are never sent in the clear to a realm, unless the registry is marked insecure. */
  private realmUrl(realm: string | undefined, secret: boolean): URL {
    const url = realm !== undefined && URL.canParse(realm) ? new URL(realm) : undefined;
    if (url?.protocol === 'https:') return url;
    if (url?.protocol === 'http:' && (this.insecure || !secret)) return url;
    throw new BoxliteError(
      'registry-protocol',
      `${this.registry} sends us to an unusable token realm: ${JSON.stringify(realm ?? '')}`,
    );
  }
}

function basicHeader({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
