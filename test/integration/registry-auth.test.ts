import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import type { Credentials } from '../../src/image/registry/auth/credentials.js';
import { checkLogin } from '../../src/image/registry/auth/login.js';
import { pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { makeAuthority } from '../helpers/certificates.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage, pushImage, type TestImage } from '../helpers/images.js';
import { BASIC_LOGIN, startRegistry, type TestRegistry } from '../helpers/registry.js';
import { startTokenServer, type TestTokenServer } from '../helpers/token-server.js';

const QUICK: PullOptions = { retry: { attempts: 3, firstPauseMs: 1, longestPauseMs: 1000 } };
const ME = { username: 'me', password: 'pass:word' };
const as = (credentials: Credentials): PullOptions => ({
  ...QUICK,
  credentials: () => Promise.resolve(credentials),
});

let scratch: string;
let image: TestImage;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-auth-'));
  image = await makeImage({ layers: [{ a: 'b' }, { c: 'd' }, { e: 'f' }] });
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function newHome(): Promise<Home> {
  const root = await mkdtemp(join(scratch, 'home-'));
  return new Home(root);
}

describe('a registry that wants Basic', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ basic: BASIC_LOGIN });
    await pushImage(`${registry.host}/app`, [image], `${ME.username}:${ME.password}`);
  });
  afterAll(() => registry.stop());

  test('gives its images to who it knows', async () => {
    const pulled = await pullImage(await newHome(), `${registry.host}/app`, as(ME));
    expect(pulled.digest).toBe(image.manifest.digest);
  });

  test.each([undefined, { username: 'me', password: 'wrong' }])(
    'gives nothing to %j',
    async (who) => {
      const options = who === undefined ? QUICK : as(who);
      await expect(
        pullImage(await newHome(), `${registry.host}/app`, options),
      ).rejects.toMatchObject({
        code: 'registry-auth',
        remedy: { action: 'login', registry: registry.host },
      });
    },
  );

  test('lets in who it knows, and nobody else', async () => {
    expect(await checkLogin(registry.host, ME, QUICK)).toBeUndefined();
    await expect(
      checkLogin(registry.host, { username: 'me', password: 'wrong' }, QUICK),
    ).rejects.toMatchObject({
      code: 'registry-auth',
      message: `${registry.host} refuses the user name or password (HTTP 401)`,
    });
  });
});

describe('a registry that wants tokens', () => {
  let registry: TestRegistry;
  let tokens: TestTokenServer;
  beforeAll(async () => {
    const signer = await makeAuthority(scratch, 'signer');
    tokens = await startTokenServer({ signer, service: 'test registry', ...ME });
    const { realm, issuer } = tokens;
    registry = await startRegistry({
      token: { realm, issuer, service: 'test registry', rootcertbundle: signer.cert },
    });
    for (const name of ['public/app', 'private/app'])
      await pushImage(`${registry.host}/${name}`, [image], `${ME.username}:${ME.password}`);
  });
  afterAll(async () => {
    await registry.stop();
    await tokens.stop();
  });
  const asked = async (work: () => Promise<unknown>): Promise<TestTokenServer['asked']> => {
    const before = tokens.asked.length;
    await work();
    return tokens.asked.slice(before);
  };

  test('gives what is public to a stranger, for one token', async () => {
    const home = await newHome();
    const requests = await asked(() => pullImage(home, `${registry.host}/public/app`, QUICK));
    const scope = 'repository:public/app:pull';
    expect(requests).toEqual([
      { method: 'GET', query: { service: 'test registry', scope }, form: {}, basic: undefined },
    ]);
  });

  test('gives what is private to who it knows by name', async () => {
    const home = await newHome();
    const requests = await asked(() => pullImage(home, `${registry.host}/private/app`, as(ME)));
    expect(requests).toMatchObject([{ method: 'GET', basic: 'me:pass:word' }]);
  });

  test('gives what is private for an identity token, got by a log-in', async () => {
    const identityToken = (await checkLogin(registry.host, ME, QUICK)) ?? '';
    expect(tokens.identityTokens).toContain(identityToken);
    expect(await checkLogin(registry.host, { identityToken }, QUICK)).toBeUndefined();
    const home = await newHome();
    const requests = await asked(() =>
      pullImage(home, `${registry.host}/private/app`, as({ identityToken })),
    );
    expect(requests).toMatchObject([
      {
        method: 'POST',
        query: {},
        form: { grant_type: 'refresh_token', refresh_token: identityToken },
        basic: undefined,
      },
    ]);
  });

  test('refuses an identity token that was taken back', async () => {
    const identityToken = (await checkLogin(registry.host, ME, QUICK)) ?? '';
    tokens.identityTokens.delete(identityToken);
    const error: unknown = await pullImage(
      await newHome(),
      `${registry.host}/private/app`,
      as({ identityToken }),
    ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'registry-auth',
      message: expect.stringContaining('refuses the identity token') as string,
    });
    expect(String(error)).not.toContain(identityToken);
  });

  test('gives nothing that is private to a stranger', async () => {
    await expect(
      pullImage(await newHome(), `${registry.host}/private/app`, QUICK),
    ).rejects.toMatchObject({ code: 'registry-auth' });
  });

  test('refuses a wrong password', async () => {
    const wrong = { username: 'me', password: 's3cret' };
    const home = await newHome();
    for (const work of [
      () => pullImage(home, `${registry.host}/private/app`, as(wrong)),
      () => checkLogin(registry.host, wrong, QUICK),
    ]) {
      const error: unknown = await work().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({
        code: 'registry-auth',
        message: expect.stringContaining('refuses the user name or password') as string,
      });
      expect(String(error)).not.toContain('s3cret');
    }
  });
});

test('a token that expires in the middle of a blob is renewed, and the blob goes on', async () => {
  const big = await makeImage({
    layers: [{ noise: Buffer.alloc(900_000, 7) }],
    compression: 'none',
  });
  const layer = big.layers[0];
  if (layer === undefined) throw new Error('one layer');
  let current = 1;
  const tokens = await startFakeRegistry([], (_request, response) => {
    response.end(`{"token":"t${current}"}`);
    return true;
  });
  onTestFinished(() => tokens.stop());
  const registry = await startFakeRegistry([big], (request, response) => {
    if (request.headers.authorization !== `Bearer t${current}`) {
      const challenge = `Bearer realm="http://${tokens.host}/t"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    }
    if (request.url?.endsWith(layer.digest) !== true || request.headers.range !== undefined)
      return false;
    response.writeHead(200, { 'content-length': layer.size });
    response.write(layer.bytes.subarray(0, 400_000), () => {
      current = 2;
      response.socket?.destroySoon();
    });
    return true;
  });
  onTestFinished(() => registry.stop());
  const pulled = await pullImage(await newHome(), `${registry.host}/app`, QUICK);
  expect(pulled.image.layers[0]?.digest).toBe(layer.digest);
  const parts = registry.requests
    .filter(({ path }) => path.endsWith(layer.digest))
    .map(({ authorization, range }) => [authorization, range?.replace(/[0-9]+/, 'N')]);
  expect(parts).toEqual([
    ['Bearer t1', undefined],
    ['Bearer t1', 'bytes=N-'],
    ['Bearer t2', 'bytes=N-'],
  ]);
  expect(tokens.requests).toHaveLength(2);
});

test('a blob goes on when the registry was away for a while', async () => {
  const big = await makeImage({
    layers: [{ noise: Buffer.alloc(900_000, 7) }],
    compression: 'none',
  });
  const layer = big.layers[0];
  if (layer === undefined) throw new Error('one layer');
  let away = 4;
  const registry = await startFakeRegistry([big], (request, response) => {
    if (request.url?.endsWith(layer.digest) !== true || away === 0) return false;
    if (away-- === 4) {
      response.writeHead(200, { 'content-length': layer.size });
      response.write(layer.bytes.subarray(0, 400_000), () => response.socket?.destroySoon());
    } else request.socket.destroy();
    return true;
  });
  onTestFinished(() => registry.stop());
  const pulled = await pullImage(await newHome(), `${registry.host}/app`, QUICK);
  expect(pulled.image.layers[0]?.digest).toBe(layer.digest);
});

describe('a server that the registry redirects to', () => {
  test('gets no credentials, though it asks for them', async () => {
    const thief = await startFakeRegistry([], (request, response) => {
      const challenge = `Bearer realm="http://${request.headers.host ?? ''}/steal"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    });
    onTestFinished(() => thief.stop());
    const registry = await startFakeRegistry([image], (request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        return true;
      }
      if (request.url?.includes('/blobs/') !== true) return false;
      response.writeHead(307, { location: `http://${thief.host}/blob` }).end();
      return true;
    });
    onTestFinished(() => registry.stop());
    const work = pullImage(await newHome(), `${registry.host}/app`, as(ME));
    await expect(work).rejects.toMatchObject({ code: 'registry-auth' });
    expect(thief.requests.length).toBeGreaterThan(0);
    for (const { path, authorization } of thief.requests)
      expect([path, authorization]).toEqual(['/blob', undefined]);
  });

  test('gets no identity token from a token server that redirects', async () => {
    const thief = await startFakeRegistry([]);
    onTestFinished(() => thief.stop());
    const tokens = await startFakeRegistry([], (_request, response) => {
      response.writeHead(307, { location: `http://${thief.host}/steal` }).end();
      return true;
    });
    onTestFinished(() => tokens.stop());
    const registry = await startFakeRegistry([], (_request, response) => {
      const challenge = `Bearer realm="http://${tokens.host}/t"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    });
    onTestFinished(() => registry.stop());
    const work = pullImage(await newHome(), `${registry.host}/app`, as({ identityToken: 'id' }));
    await expect(work).rejects.toMatchObject({ code: 'registry-protocol' });
    expect(tokens.requests).toHaveLength(1);
    expect(thief.requests).toEqual([]);
  });
});

test('a registry that repeats our password in its words does not get it shown', async () => {
  const registry = await startFakeRegistry([], (request, response) => {
    const shown = request.headers.authorization;
    if (shown === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' });
    else response.writeHead(403, { 'content-type': 'application/json' });
    const pair = Buffer.from(shown?.slice('Basic '.length) ?? '', 'base64').toString();
    response.end(JSON.stringify({ errors: [{ code: 'DENIED', message: `no ${pair} ${shown}` }] }));
    return true;
  });
  onTestFinished(() => registry.stop());
  const error: unknown = await pullImage(await newHome(), `${registry.host}/app`, as(ME)).catch(
    (reason: unknown) => reason,
  );
  expect(String(error)).toContain('no … Basic …');
  expect(String(error)).not.toContain('word');
});

test('a server that is no registry is not logged in to', async () => {
  const server = await startFakeRegistry([]);
  onTestFinished(() => server.stop());
  await expect(checkLogin(server.host, ME, QUICK)).rejects.toMatchObject({
    code: 'registry-protocol',
    message: `${server.host} is not a registry (HTTP 404)`,
  });
});
