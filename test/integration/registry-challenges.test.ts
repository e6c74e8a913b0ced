/** What a registry and its token server may ask and answer, by HTTPS and with tokens that are checked. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import type { Credentials } from '../../src/image/registry/auth/credentials.js';
import { checkLogin } from '../../src/image/registry/auth/login.js';
import { proxyFinder } from '../../src/image/registry/http/proxy.js';
import { readTrust } from '../../src/image/registry/http/trust.js';
import { pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { makeAuthority } from '../helpers/certificates.js';
import { startFront, type TestFront } from '../helpers/front.js';
import { makeImage, pushImage } from '../helpers/images.js';
import { startProxy, type TestProxy } from '../helpers/proxy.js';
import { startRegistry, type TestRegistry } from '../helpers/registry.js';
import { startTokenServer, type TestTokenServer } from '../helpers/token-server.js';

const ME = { username: 'me', password: 'pass:word' };
const NAME = 'registry.test/private/app';
const SCOPE = 'repository:private/app:pull';
const REALM = 'https://auth.test/token';
const SERVICE = 'test registry';
const PLAIN = `Bearer realm="${REALM}",service="${SERVICE}"`;

let scratch: string;
let registry: TestRegistry;
let tokens: TestTokenServer;
/** `registry.test` and `auth.test`, before the two. */
let door: TestFront, issuer: TestFront;
let proxy: TestProxy;
let base: PullOptions;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-challenges-'));
  const signer = await makeAuthority(scratch, 'signer');
  const authority = await makeAuthority(scratch);
  const tls = await authority.issue('both', ['DNS:registry.test', 'DNS:auth.test']);
  tokens = await startTokenServer({ signer, service: SERVICE, ...ME });
  const { realm, issuer: name } = tokens;
  registry = await startRegistry({
    token: { realm, service: SERVICE, issuer: name, rootcertbundle: signer.cert },
  });
  door = await startFront({ tls, target: registry.host });
  issuer = await startFront({ tls, target: new URL(realm).host });
  proxy = await startProxy({
    routes: { 'registry.test:443': door.host, 'auth.test:443': issuer.host },
  });
  base = {
    retry: { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 },
    proxyFor: proxyFinder({ HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }),
    trust: await readTrust([authority.cert]),
  };
  const image = await makeImage({ layers: [{ a: 'b' }, { c: 'd' }] });
  await pushImage(`${registry.host}/private/app`, [image], 'me:pass:word');
});
afterAll(async () => {
  for (const each of [proxy, door, issuer, registry, tokens]) await each.stop();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(() => {
  door.reset();
  issuer.reset();
  challenge(PLAIN);
});

/** What a 401 of the registry asks for, in place of its own challenge. */
function challenge(...asked: string[]): void {
  door.headers = (headers, status) => withChallenge(headers, status, asked);
}

function withChallenge(
  headers: IncomingHttpHeaders,
  status: number,
  asked: string[],
): OutgoingHttpHeaders {
  if (status !== 401) return headers;
  const others = { ...headers };
  delete others['www-authenticate'];
  return asked.length === 0 ? others : { ...others, 'www-authenticate': asked };
}

/** Answers of the token server, in place of its own. */
function answerTokens(status: number, body: unknown, method?: string): void {
  issuer.answer = (request, response) => {
    if (method !== undefined && request.method !== method) return false;
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    return true;
  };
}

/** @param who null for a stranger */
async function pull(name = NAME, who: Credentials | null = ME): Promise<unknown> {
  const home = new Home(await mkdtemp(join(scratch, 'home-')));
  return pullImage(home, name, { ...base, credentials: () => Promise.resolve(who ?? undefined) });
}

describe('a challenge is understood', () => {
  test.each<[what: string, ...asked: string[]]>([
    ['in one of several headers', 'Negotiate', 'Basic realm="x, y=z"', PLAIN],
    ['behind another in the same header', `Basic realm="x", ${PLAIN}`],
    [
      'with escaped characters',
      `Bearer realm="https://auth\\.test/token",service="test\\ registry"`,
    ],
    ['with blanks and tabs', `Bearer\t realm = "${REALM}" \t,  service =\t"${SERVICE}" `],
    ['in capitals', `BEARER REALM="${REALM}",SERVICE="${SERVICE}"`],
    ['without quotes', `Bearer realm=${REALM},service="${SERVICE}"`],
    ['without a service', `Bearer realm="${REALM}"`],
    ['with commas inside quotes', `Bearer scope="${SCOPE},push",realm="${REALM}"`],
    ['with a query in its realm', `Bearer realm="${REALM}?a=b,c",service="${SERVICE}"`],
    ['with an error', `${PLAIN},error="invalid_token"`],
    ['in 30 KiB', `${PLAIN},reason="${'x'.repeat(30 * 1024)}"`],
  ])('%s', async (_what, ...asked) => {
    challenge(...asked);
    await pull();
    expect(issuer.requests).toHaveLength(1);
    const query = new URL(issuer.requests[0]?.path ?? '', REALM).searchParams;
    expect(query.getAll('scope')).toEqual([SCOPE]);
  });
});

describe('a challenge is refused with the reason', () => {
  test.each<[what: string, realm: string, message: string]>([
    ['with a relative realm', '/token', 'names no token server that could be asked: "/token"'],
    ['with an empty realm', '', 'names no token server that could be asked: ""'],
    ['with a realm in the clear', 'http://auth.test/t', 'sent to auth.test over plain HTTP'],
  ])('%s', async (_what, realm, message) => {
    challenge(`Bearer realm="${realm}",service="${SERVICE}"`);
    await expect(pull()).rejects.toMatchObject({
      code: 'registry-protocol',
      message: expect.stringContaining(message) as string,
      hint: expect.any(String) as string,
    });
    expect(issuer.requests).toEqual([]);
  });

  test('when its headers are without end', async () => {
    challenge(`${PLAIN},reason="${'x'.repeat(100 * 1024)}"`);
    await expect(pull()).rejects.toThrow(
      "can't reach registry.test: the headers of its answer are too long",
    );
  });

  test('when it is none', async () => {
    challenge();
    await expect(pull()).rejects.toMatchObject({ code: 'registry-auth' });
    await expect(checkLogin('registry.test', ME, base)).rejects.toThrow(
      'registry.test asks for no credentials that we have (HTTP 401)',
    );
  });
});

describe('a repository', () => {
  test('that the registry has under another name is asked for under both', async () => {
    door.path = (path) => path.replace('/v2/app/', '/v2/private/app/');
    door.headers = (headers, status) => {
      const asked = (headers['www-authenticate'] ?? '').replace(tokens.realm, REALM);
      return withChallenge(headers, status, [asked]);
    };
    await pull('registry.test/app');
    const query = new URL(issuer.requests[0]?.path ?? '', REALM).searchParams;
    expect(query.getAll('scope')).toEqual(['repository:app:pull', SCOPE]);
    expect(issuer.requests).toHaveLength(1);
  });

  test('of another name is asked for to be read, whatever the challenge asks for', async () => {
    const asked = `${SCOPE} repository:prod/base:push,delete registry:catalog:*`;
    challenge(`Bearer realm="${REALM}",service="${SERVICE}",scope="${asked}"`);
    // Our token server grants the last one alone.
    await expect(pull()).rejects.toMatchObject({ code: 'registry-auth' });
    const query = new URL(issuer.requests[0]?.path ?? '', REALM).searchParams;
    expect(query.getAll('scope')).toEqual([SCOPE, 'repository:prod/base:pull']);
  });

  test.each([401, 403, 404])(
    'that strangers get a bare %i for is asked for at /v2/',
    async (status) => {
      door.answer = ({ url, headers }, response) => {
        if (url === '/v2/' || headers.authorization !== undefined) return false;
        response.writeHead(status).end();
        return true;
      };
      await pull();
      expect(door.requests.slice(0, 3).map(({ path }) => path)).toEqual([
        '/v2/private/app/manifests/latest',
        '/v2/',
        '/v2/private/app/manifests/latest',
      ]);
    },
  );

  test.each([
    [503, {}],
    [302, { location: 'http://registry.test/v2/' }],
    [302, { location: '/v2/' }],
  ])('that is not there is not, though /v2/ gives %i %j', async (status, headers) => {
    door.answer = ({ url }, response) => {
      if (url === '/v2/') response.writeHead(status, headers).end();
      else response.writeHead(404).end();
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'image-not-found' });
    expect(new Set(door.requests.map(({ path }) => path)).size).toBe(2);
  });

  test('whose blobs want another token than its manifest gets it', async () => {
    const blobs = new Set<string | undefined>();
    door.answer = ({ url, headers }, response) => {
      if (url?.includes('/blobs/') !== true) return false;
      blobs.add(headers.authorization);
      if (blobs.size > 1) return false;
      response.writeHead(401, { 'www-authenticate': PLAIN }).end();
      return true;
    };
    await pull();
    expect(blobs.size).toBe(2);
    expect(issuer.requests).toHaveLength(2);
  });
});

describe('a token server', () => {
  test('that can not be reached is the one that is named', async () => {
    challenge('Bearer realm="https://gone.test/token"');
    await expect(pull()).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringMatching(
        /^can't reach gone.test \(named by registry.test\): /,
      ) as string,
    });
  });

  test.each<[status: number, body: unknown, who: Credentials | undefined, message: string]>([
    [401, { details: 'no such user' }, ME, 'refuses the user name or password | no such user'],
    [403, { errors: [{ message: 'locked' }] }, ME, 'refuses the user name or password | locked'],
    [403, { message: 'not there' }, undefined, 'gives no token to strangers | not there'],
    [429, { message: 'too many' }, ME, 'gave no token | too many'],
    [500, { error: 'x', error_description: 'away' }, ME, 'gave no token | away'],
    [400, { error: 'no s3cret' }, { identityToken: 's3cret' }, 'refuses the identity token | no …'],
    [400, '<html>s3cret', { identityToken: 's3cret' }, 'refuses the identity token'],
  ])('that answers %i with %j to %j has its words shown', async (status, body, who, message) => {
    answerTokens(status, body);
    const [fault = '', words] = message.split(' | ');
    const about = `for ${SCOPE} at registry.test (HTTP ${status})`;
    await expect(pull(NAME, who ?? null)).rejects.toMatchObject({
      message: `auth.test ${fault} ${about}${words === undefined ? '' : `: ${words}`}`,
    });
  });

  test.each([404, 405])('that answers a form with %i is asked by GET', async (status) => {
    answerTokens(status, '', 'POST');
    const identityToken = ME.password;
    await expect(pull(NAME, { identityToken })).rejects.toMatchObject({ code: 'registry-auth' });
    const basic = `Basic ${Buffer.from(`:${identityToken}`).toString('base64')}`;
    const asked = issuer.requests.map(({ method, path, headers }) => [
      method,
      new URL(path, REALM).searchParams.has('account'),
      headers.authorization,
    ]);
    expect(asked).toEqual([
      ['POST', false, undefined],
      ['GET', false, basic],
    ]);
  });

  test.each(['access_token', 'token'])(
    'may call the token %s, and tell of it what it likes',
    async (field) => {
      const odd = { expires_in: 1, issued_at: '2099-13-45T25:00:00+99:99', refresh_token: null };
      const { token } = await askForToken();
      const other = field === 'token' ? 'access_token' : 'token';
      answerTokens(200, { [field]: token, [other]: null, ...odd });
      await pull();
    },
  );
});

/** A token as the server itself gives it. */
async function askForToken(): Promise<{ token: string }> {
  const query = new URLSearchParams({ service: SERVICE, scope: SCOPE });
  const authorization = `Basic ${Buffer.from('me:pass:word').toString('base64')}`;
  const response = await fetch(`${tokens.realm}?${query.toString()}`, {
    headers: { authorization },
  });
  return (await response.json()) as { token: string };
}
