import { BoxliteError } from '../../../errors.js';
import { JsonReader } from '../../oci/json-reader.js';
import type { HttpResponse } from '../http/http.js';
import { readLimited } from '../http/read-limited.js';
import { basicHeader, type Credentials } from './credentials.js';

/** How to talk to a token server; both follow the transport's rules for redirects and retries. */
export interface TokenRequester {
  get(url: URL, headers: Record<string, string>): Promise<HttpResponse>;
  postForm(url: URL, fields: Readonly<Record<string, string>>): Promise<HttpResponse>;
}

export interface TokenRequest {
  /** The registry that wants the token. */
  registry: string;
  realm: URL;
  service: string | undefined;
  /** `repository:library/alpine:pull`; empty = only to authenticate. */
  scope: string;
  credentials: Credentials | undefined;
  /** Requests an identity token too, which a log-in keeps instead of the password. */
  offline: boolean;
}

export interface Token {
  value: string;
  lifetimeMs: number;
  identityToken: string | undefined;
}

/** Our name for the token server. */
const CLIENT_ID = 'boxlite';
const DEFAULT_LIFETIME_S = 60;
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Gets a bearer token: by GET, anonymously or with Basic (distribution's `spec/auth/token`);
 * exchanges an identity token by an OAuth2 form (`spec/auth/oauth`).
 * @throws BoxliteError `registry-auth`, `registry-protocol`, or what the requester throws
 */
export async function requestToken(http: TokenRequester, request: TokenRequest): Promise<Token> {
  const { credentials } = request;
  const response =
    credentials !== undefined && 'identityToken' in credentials
      ? await http.postForm(request.realm, tradeFields(request, credentials.identityToken))
      : await askByName(http, request);
  if (response.status === 200) return readToken(response, request.realm.host);
  response.discard();
  throw refusal(response, request);
}

function tradeFields(
  { service, scope }: TokenRequest,
  identityToken: string,
): Record<string, string> {
  return {
    grant_type: 'refresh_token',
    refresh_token: identityToken,
    client_id: CLIENT_ID,
    ...(service === undefined ? {} : { service }),
    ...(scope === '' ? {} : { scope }),
  };
}

function askByName(
  http: TokenRequester,
  { realm, service, scope, credentials, offline }: TokenRequest,
): Promise<HttpResponse> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== '') url.searchParams.set('scope', scope);
  if (offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', CLIENT_ID);
  }
  if (credentials === undefined || !('password' in credentials)) return http.get(url, {});
  const { username, password } = credentials;
  url.searchParams.set('account', username);
  return http.get(url, { authorization: basicHeader(username, password) });
}

async function readToken(response: HttpResponse, server: string): Promise<Token> {
  const what = `the token answer of ${server}`;
  const bytes = await readLimited(response.body, MAX_ANSWER_BYTES, what);
  // Its errors never quote the document, which is full of secrets.
  const reader = JsonReader.parse(bytes, what, { code: 'registry-protocol', secret: true });
  const value = reader.nonEmptyString('access_token') ?? reader.nonEmptyString('token');
  // The token goes into a header, and its sender must not inject one of its own.
  if (value === undefined || !/^[\x21-\x7e]+$/.test(value))
    throw new BoxliteError('registry-protocol', `${what} holds no usable token`);
  const seconds = reader.optionalNumber('expires_in') ?? 0;
  return {
    value,
    // Some servers send 0 or less and don't mean it.
    lifetimeMs: (seconds > 0 ? seconds : DEFAULT_LIFETIME_S) * 1000,
    identityToken: reader.nonEmptyString('refresh_token'),
  };
}

function refusal({ status }: HttpResponse, request: TokenRequest): BoxliteError {
  const { registry, realm, scope, credentials } = request;
  const purpose = scope === '' ? registry : `${scope} at ${registry}`;
  // OAuth2 answers a revoked identity token with 400 (RFC 6749, 5.2).
  const traded = credentials !== undefined && 'identityToken' in credentials;
  const denied = status === 401 || status === 403 || (traded && status === 400);
  const who =
    credentials === undefined
      ? 'gives no token to strangers'
      : traded
        ? 'refuses the identity token'
        : 'refuses the user name or password';
  return denied
    ? new BoxliteError('registry-auth', `${realm.host} ${who} for ${purpose} (HTTP ${status})`, {
        hint: 'log in',
        remedy: { action: 'login', registry },
      })
    : new BoxliteError(
        'registry-protocol',
        `${realm.host} gave no token for ${purpose} (HTTP ${status})`,
      );
}
