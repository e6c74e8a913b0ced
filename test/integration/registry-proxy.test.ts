import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { type Environment, proxyFinder } from '../../src/image/registry/http/proxy.js';
import { readTrust, type Trust } from '../../src/image/registry/http/trust.js';
import { pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { makeAuthority } from '../helpers/certificates.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage, pushImage, type TestImage } from '../helpers/images.js';
import { type ProxySetup, startProxy, type TestProxy } from '../helpers/proxy.js';
import { BASIC_LOGIN, DEAD_HOST, startRegistry, type TestRegistry } from '../helpers/registry.js';

/** Names that only the proxy can resolve. */
const SECURE = 'registry.test:443';
const PLAIN = 'plain.test:80';

let scratch: string;
let image: TestImage;
let secure: TestRegistry;
let plain: TestRegistry;
let trust: Trust;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-proxy-'));
  const authority = await makeAuthority(scratch);
  const tls = await authority.issue('registry', ['DNS:registry.test', 'IP:127.0.0.1']);
  secure = await startRegistry({ tls, basic: BASIC_LOGIN });
  plain = await startRegistry();
  trust = await readTrust([authority.cert]);
  image = await makeImage({ layers: [{ a: 'b' }, { c: 'd' }] });
  await pushImage(`${secure.host}/app`, [image], 'me:pass:word');
  await pushImage(`${plain.host}/app`, [image]);
});
afterAll(async () => {
  await secure.stop();
  await plain.stop();
  await rm(scratch, { recursive: true, force: true });
});

async function proxy(setup: Partial<ProxySetup> = {}): Promise<TestProxy> {
  const routes = { [SECURE]: secure.host, [PLAIN]: plain.host };
  const started = await startProxy({ routes, ...setup });
  onTestFinished(() => started.stop());
  return started;
}

async function pull(name: string, environment: Environment, more: PullOptions = {}) {
  return pullImage(new Home(await mkdtemp(join(scratch, 'home-'))), name, {
    retry: { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 },
    proxyFor: proxyFinder(environment),
    credentials: () => Promise.resolve(BASIC_LOGIN),
    trust,
    ...more,
  });
}

describe('an HTTPS registry', () => {
  test('is reached through a tunnel, in which the proxy can read nothing', async () => {
    const { url, asked, overheard } = await proxy();
    const { digest } = await pull('registry.test/app', { HTTPS_PROXY: url });
    expect(digest).toBe(image.manifest.digest);
    expect(new Set(asked)).toEqual(new Set([`CONNECT ${SECURE}`]));
    // Its connections are kept: one for each request at a time.
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(overheard).toEqual([]);
  });

  test('is held to its certificate behind a proxy too', async () => {
    const { url } = await proxy({ routes: { 'other.test:443': secure.host } });
    await expect(pull('other.test/app', { HTTPS_PROXY: url })).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') as string,
    });
  });

  test('is reached by a proxy that wants a name and a password', async () => {
    const { url } = await proxy({ login: 'you:p:w' });
    const withLogin = url.replace('//', '//you:p%3Aw@');
    const { digest } = await pull('registry.test/app', { https_proxy: withLogin });
    expect(digest).toBe(image.manifest.digest);
  });

  test.each([
    ['refuses', {}, 'unknown.test/app', 'refuses (HTTP 502)'],
    ['wants credentials', { login: 'you:x' }, 'registry.test/app', 'asks for a user name'],
  ])('is not reached by a proxy that %s', async (_what, setup, name, message) => {
    const { url } = await proxy(setup);
    const secret = url.replace('//', '//me:s3cret@');
    const error: unknown = await pull(name, { HTTPS_PROXY: secret }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining(message) as string,
      hint: 'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
    });
    expect(String(error)).toContain(new URL(url).host);
    expect(String(error)).not.toContain('s3cret');
  });

  test('is not reached when its proxy is not there, which is what the message says', async () => {
    await expect(pull('registry.test/app', { HTTPS_PROXY: DEAD_HOST })).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: `can't reach registry.test: the proxy ${DEAD_HOST}: connection refused`,
    });
  });

  test('is given up on when the proxy never answers', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const timeouts = { connectMs: 100, answerMs: 5000, stallMs: 5000 };
    const environment = { HTTPS_PROXY: `127.0.0.1:${address.port}` };
    await expect(pull('registry.test/app', environment, { timeouts })).rejects.toThrow(
      'within 0.1 s',
    );
  });
});

describe('a registry in the clear', () => {
  const insecure = { insecure: ['plain.test'] };

  test('is asked for at the proxy by its whole address', async () => {
    const { url, asked } = await proxy();
    const { digest } = await pull('plain.test/app', { HTTP_PROXY: url }, insecure);
    expect(digest).toBe(image.manifest.digest);
    expect(asked[0]).toBe('GET http://plain.test/v2/app/manifests/latest');
  });

  test('is not mistaken for its proxy that wants credentials', async () => {
    const { url } = await proxy({ login: 'you:x' });
    await expect(
      pull('plain.test/app', { HTTP_PROXY: url, HTTPS_PROXY: url }, insecure),
    ).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining('asks for a user name') as string,
    });
  });

  test('that leads to its own self in TLS is shown credentials there alone', async () => {
    const led = await startFakeRegistry([], (request, response) => {
      response.writeHead(301, { location: `https://registry.test${request.url ?? ''}` }).end();
      return true;
    });
    onTestFinished(() => led.stop());
    const { url, overheard } = await proxy({
      routes: { 'registry.test:80': led.host, [SECURE]: secure.host },
    });
    const environment = { HTTP_PROXY: url, HTTPS_PROXY: url };
    const { digest } = await pull('registry.test/app', environment, {
      insecure: ['registry.test'],
    });
    expect(digest).toBe(image.manifest.digest);
    expect(led.requests).toHaveLength(1);
    expect(overheard).toEqual([]);
  });

  test('of this machine is reached without the proxy', async () => {
    const { digest } = await pull(`${plain.host}/app`, {
      HTTP_PROXY: DEAD_HOST,
      HTTPS_PROXY: DEAD_HOST,
    });
    expect(digest).toBe(image.manifest.digest);
  });
});
