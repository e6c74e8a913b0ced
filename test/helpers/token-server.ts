import { createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { CertificateFiles } from './certificates.js';

export interface TokenServerSetup {
  /** Signs the tokens; the registry trusts its certificate as a root. */
  signer: CertificateFiles;
  service: string;
  username: string;
  password: string;
  /** Lifetime of a token in seconds, as stated in the answer. */
  expiresIn?: number;
}

/** A request to a token server; secrets are identified, but not kept. */
export interface TokenAsked {
  method: string;
  /** The parameters after the `?`. */
  query: Record<string, string>;
  form: Record<string, string>;
  basic: string | undefined;
}

export interface TestTokenServer {
  /** The registry's `realm`. */
  realm: string;
  issuer: string;
  asked: TokenAsked[];
  /** Identity tokens it has issued; a test may revoke them. */
  identityTokens: Set<string>;
  stop(): Promise<void>;
}

/**
 * A token server as in distribution's `spec/auth`, on a free port of 127.0.0.1: by GET with Basic, or by POST
 * with an identity token. Without a login, everything below `public/` can be pulled.
 */
export async function startTokenServer(setup: TokenServerSetup): Promise<TestTokenServer> {
  const asked: TokenAsked[] = [];
  const identityTokens = new Set<string>();
  const server = createServer((request, response) => {
    void answer(setup, identityTokens, asked, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    realm: `http://127.0.0.1:${address.port}/token`,
    issuer: ISSUER,
    asked,
    identityTokens,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ISSUER = 'test issuer';

async function answer(
  setup: TokenServerSetup,
  identityTokens: Set<string>,
  asked: TokenAsked[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const query = Object.fromEntries(
    new URL(request.url ?? '', 'http://localhost').searchParams.entries(),
  );
  const form = Object.fromEntries(new URLSearchParams(await text(request)).entries());
  const [, encoded] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? [];
  const basic = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
  asked.push({ method: request.method ?? '', query, form, basic });

  const traded = request.method === 'POST' && identityTokens.has(form.refresh_token ?? '');
  const known = traded || basic === `${setup.username}:${setup.password}`;
  if (!known && (basic !== undefined || request.method === 'POST')) {
    response.writeHead(request.method === 'POST' ? 400 : 401).end('{"error":"invalid_grant"}');
    return;
  }
  const scope = (request.method === 'POST' ? form.scope : query.scope) ?? '';
  const identityToken = query.offline_token === 'true' ? randomBytes(12).toString('hex') : '';
  if (identityToken !== '') identityTokens.add(identityToken);
  const token = signToken(setup, accessTo(scope, known));
  const name = request.method === 'POST' ? 'access_token' : 'token';
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({
      [name]: token,
      expires_in: setup.expiresIn ?? 300,
      ...(identityToken === '' ? {} : { refresh_token: identityToken }),
    }),
  );
}

/** `repository:a/b:pull,push` → the granted part. */
function accessTo(scope: string, known: boolean): object[] {
  const [, type, name = '', actions = ''] = /^([a-z]+):(.*):([a-z,*]+)$/.exec(scope) ?? [];
  if (type === undefined || (!known && !name.startsWith('public/'))) return [];
  return [{ type, name, actions: known ? actions.split(',') : ['pull'] }];
}

/** A JWT whose header holds its signer's certificate (RFC 7515, 4.1.6). */
function signToken({ signer, service }: TokenServerSetup, access: object[]): string {
  const key = createPrivateKey(readFileSync(signer.key));
  const certificate = new X509Certificate(readFileSync(signer.cert)).raw.toString('base64');
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
  const claims = {
    iss: ISSUER,
    sub: '',
    aud: service,
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: randomBytes(8).toString('hex'),
    access,
  };
  const signed = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function base64url(value: string): string {
  return Buffer.from(value).toString('base64url');
}
