import { BoxliteError } from '../../../errors.js';
import { JsonReader } from '../../oci/json-reader.js';
import type { HttpResponse } from '../http/http.js';
import { readLimited } from '../http/read-limited.js';
import { serverMessage, shown } from '../server-message.js';
import { basicHeader, type Credentials, withoutSecrets } from './credentials.js';

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
  /** `repository:library/alpine:pull`; none = only to authenticate. */
  scopes: readonly string[];
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
      ? await trade(http, request, credentials.identityToken)
      : await askByName(http, request);
  if (response.status === 200) return readToken(response, request.realm.host);
  throw await refusal(response, request);
}

/** To a server that knows no form, the identity token is a password without a name, as to containerd. */
async function trade(
  http: TokenRequester,
  request: TokenRequest,
  identityToken: string,
): Promise<HttpResponse> {
  const response = await http.postForm(request.realm, tradeFields(request, identityToken));
  if (response.status !== 404 && response.status !== 405) return response;
  response.discard();
  return askByName(http, {
    ...request,
    credentials: { username: '', password: identityToken },
  });
}

function tradeFields(
  { service, scopes }: TokenRequest,
  identityToken: string,
): Record<string, string> {
  return {
    grant_type: 'refresh_token',
    refresh_token: identityToken,
    client_id: CLIENT_ID,
    ...(service === undefined ? {} : { service }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
}

function askByName(
  http: TokenRequester,
  { realm, service, scopes, credentials, offline }: TokenRequest,
): Promise<HttpResponse> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', CLIENT_ID);
  }
  if (credentials === undefined || !('password' in credentials)) return http.get(url, {});
  const { username, password } = credentials;
  if (username !== '') url.searchParams.set('account', username);
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

async function refusal(response: HttpResponse, request: TokenRequest): Promise<BoxliteError> {
  const { registry, realm, scopes, credentials } = request;
  const { status, authorization } = response;
  // OAuth2 answers a revoked identity token with 400 (RFC 6749, 5.2).
  const traded = credentials !== undefined && 'identityToken' in credentials;
  const said = await serverMessage(response, (text) =>
    withoutSecrets(traded ? text.replaceAll(credentials.identityToken, '…') : text, authorization),
  );
  const purpose = scopes.length === 0 ? registry : `${shown(scopes.join(', '))} at ${registry}`;
  const tail = `for ${purpose} (HTTP ${status})${said === undefined ? '' : `: ${said}`}`;
  if (status === 401 || status === 403 || (traded && status === 400)) {
    const who =
      credentials === undefined
        ? 'gives no token to strangers'
        : traded
          ? 'refuses the identity token'
          : 'refuses the user name or password';
    return new BoxliteError('registry-auth', `${realm.host} ${who} ${tail}`, {
      hint: 'log in',
      remedy: { action: 'login', registry },
    });
  }
  return new BoxliteError('registry-protocol', `${realm.host} gave no token ${tail}`, {
    ...(status === 429 && { hint: 'wait a while, or log in for a higher limit' }),
  });
}
