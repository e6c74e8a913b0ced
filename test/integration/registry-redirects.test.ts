/** A registry whose files are elsewhere, by HTTPS, and what such storage may do. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { proxyFinder } from '../../src/image/registry/http/proxy.js';
import { readTrust } from '../../src/image/registry/http/trust.js';
import { partialPath } from '../../src/image/store/ingest.js';
import { pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { makeAuthority } from '../helpers/certificates.js';
import { startFront, type TestFront } from '../helpers/front.js';
import { makeImage, pushImage, type TestBlob, type TestImage } from '../helpers/images.js';
import { startProxy, type TestProxy } from '../helpers/proxy.js';
import { BASIC_LOGIN, startRegistry, type TestRegistry } from '../helpers/registry.js';

let scratch: string;
let image: TestImage;
let layer: TestBlob;
let registry: TestRegistry, storage: TestRegistry;
/** `registry.test`, which wants a name and password, and `cdn.test`, which does not. */
let door: TestFront, cdn: TestFront;
let proxy: TestProxy;
let base: PullOptions;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-redirects-'));
  const authority = await makeAuthority(scratch);
  const tls = await authority.issue('both', ['DNS:registry.test', 'DNS:cdn.test']);
  registry = await startRegistry({ basic: BASIC_LOGIN });
  storage = await startRegistry();
  door = await startFront({ tls, target: registry.host });
  cdn = await startFront({ tls, target: storage.host });
  proxy = await startProxy({
    routes: { 'registry.test:443': door.host, 'cdn.test:443': cdn.host },
  });
  base = {
    retry: { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 },
    proxyFor: proxyFinder({ HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }),
    trust: await readTrust([authority.cert]),
    credentials: () => Promise.resolve(BASIC_LOGIN),
  };
  image = await makeImage({ layers: [{ noise: randomBytes(300_000) }], compression: 'none' });
  [layer = image.config] = image.layers;
  const { username, password } = BASIC_LOGIN;
  await pushImage(`${registry.host}/app`, [image], `${username}:${password}`);
  await pushImage(`${storage.host}/app`, [image]);
});
afterAll(async () => {
  for (const each of [proxy, door, cdn, registry, storage]) await each.stop();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(() => {
  door.reset();
  cdn.reset();
});

/** @param here bytes of the layer that an earlier pull left */
async function pull(here = 0): Promise<unknown> {
  const home = new Home(await mkdtemp(join(scratch, 'home-')));
  await mkdir(home.partial(), { recursive: true });
  await writeFile(partialPath(home, layer.digest), layer.bytes.subarray(0, here));
  return pullImage(home, 'registry.test/app', base);
}

/** Sends who is known elsewhere. @param location $ stands for what was asked for */
function redirect(location: string, status = 307, only = /\/blobs\//): void {
  door.answer = ({ url = '', headers }, response) => {
    if (headers.authorization === undefined || !only.test(url)) return false;
    response.writeHead(status, { location: location.replace('$', url) }).end('moved');
    return true;
  };
}

/** How the storage gives the layer. */
function give(
  answer: (request: IncomingMessage) => [number, OutgoingHttpHeaders, Uint8Array] | undefined,
): void {
  redirect('https://cdn.test$');
  cdn.answer = (request, response) => {
    const given = request.url?.endsWith(layer.digest) === true ? answer(request) : undefined;
    if (given === undefined) return false;
    response.writeHead(given[0], given[1]).end(given[2]);
    return true;
  };
}

const offsetIn = ({ headers }: IncomingMessage): number =>
  Number(/^bytes=([0-9]+)-$/.exec(headers.range ?? '')?.[1] ?? 0);

describe('a redirect to another host', () => {
  test.each([301, 302, 303, 307, 308])('by %i is followed without credentials', async (status) => {
    redirect('https://cdn.test$', status, /./);
    await pull(1000);
    expect(cdn.requests).toHaveLength(3);
    for (const { headers } of [...cdn.requests, ...door.requests])
      expect(headers['accept-encoding']).toBe('identity');
    for (const { headers } of cdn.requests) expect(headers.authorization).toBeUndefined();
    const [manifest, , blob] = cdn.requests;
    expect(manifest?.headers.accept).toContain('application/vnd.oci.image.index.v1+json');
    expect(blob?.headers.range).toBe('bytes=1000-');
  });

  test('may be followed by relative ones', async () => {
    redirect('https://cdn.test/a$');
    cdn.answer = ({ url = '' }, response) => {
      if (!url.startsWith('/a/')) return false;
      response.writeHead(302, { location: `..${url.slice('/a'.length)}`.replace('../v2', '/v2') });
      response.end();
      return true;
    };
    await pull();
    expect(cdn.requests).toHaveLength(4);
  });

  test.each([
    ['?again', 'registry.test redirects more than 5 times'],
    ['http://cdn.test$', 'registry.test redirects to plain HTTP at cdn.test'],
    ['ftp://cdn.test$', 'registry.test redirects to a ftp: address'],
    ['http://[', 'registry.test redirects to nowhere'],
  ])('to %s is refused', async (location, message) => {
    redirect(location);
    await expect(pull()).rejects.toMatchObject({ code: 'registry-protocol', message });
    expect(cdn.requests).toEqual([]);
  });

  test('that can not be reached names that host', async () => {
    redirect('https://gone.test$');
    await expect(pull()).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringMatching(
        /^can't reach gone.test \(named by registry.test\): /,
      ) as string,
    });
  });

  test.each([
    [403, 'registry-auth', 'does not give blob', undefined],
    [404, 'image-corrupt', 'does not have blob', undefined],
    [500, 'registry-protocol', 'answered HTTP 500 for blob', undefined],
  ])('that answers %i names that host', async (status, code, message, remedy) => {
    redirect('https://cdn.test$?signature=s3cret');
    cdn.answer = (_request, response) => {
      response.writeHead(status).end('<Error><Code>ExpiredToken</Code></Error>');
      return true;
    };
    await expect(pull()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`cdn.test (named by registry.test) ${message}`) as string,
      remedy,
    });
  });
});

describe('storage', () => {
  test.each([416, 400, 501, 403])(
    'that answers a range with %i gives the whole',
    async (status) => {
      give(({ headers }) => (headers.range === undefined ? undefined : [status, {}, Buffer.of()]));
      await pull(1000);
      const layers = cdn.requests.filter(({ path }) => path.endsWith(layer.digest));
      expect(layers.map(({ headers }) => headers.range)).toEqual(['bytes=1000-', undefined]);
    },
  );

  test.each([401, 404])(
    'that answers a range with %i is not asked for the whole',
    async (status) => {
      give(({ headers }) => (headers.range === undefined ? undefined : [status, {}, Buffer.of()]));
      await expect(pull(1000)).rejects.toThrow('cdn.test (named by registry.test)');
      const layers = cdn.requests.filter(({ path }) => path.endsWith(layer.digest));
      expect(layers.map(({ headers }) => headers.range)).toEqual(['bytes=1000-']);
    },
  );

  test.each([0, 1000])('that gives a part of the rest is asked on, from %i on', async (here) => {
    give((request) => {
      const start = offsetIn(request);
      const part = layer.bytes.subarray(start, start + 100_000);
      const range = `bytes ${start}-${start + part.length - 1}/${layer.size}`;
      return [206, { 'content-range': range, 'content-length': part.length }, part];
    });
    await pull(here);
    const layers = cdn.requests.filter(({ path }) => path.endsWith(layer.digest));
    expect(layers.map(({ headers }) => headers.range)).toEqual(
      [0, 1, 2, 3].map((n) => (here + n === 0 ? undefined : `bytes=${here + n * 100_000}-`)),
    );
  });

  test.each([
    [
      'bytes 0-9/10',
      'registry-protocol',
      'was asked for bytes from 1000 on and sent "bytes 0-9/10"',
    ],
    ['bytes 2000-2009/*', 'registry-protocol', 'sent "bytes 2000-2009/*"'],
    ['bytes 1000-1009/5000', 'image-corrupt', 'registry.test has 5000 bytes'],
    ['lines 1-2/3', 'registry-protocol', 'sent "lines 1-2/3"'],
  ])('that gives %s is refused', async (range, code, message) => {
    give(() => [206, { 'content-range': range }, Buffer.of()]);
    await expect(pull(1000)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test('that calls a packed file an encoding of another gives the file', async () => {
    give(() => [200, { 'content-encoding': 'gzip' }, layer.bytes]);
    await pull();
  });

  test.each<[what: string, headers: OutgoingHttpHeaders, bytes: () => Uint8Array, fault: string]>([
    ['an encoding', { 'content-encoding': 'gzip' }, () => gzipSync(layer.bytes), 'ends after'],
    ['too little', {}, () => layer.bytes.subarray(0, 9), 'ends after 9 bytes'],
    ['too much', {}, () => Buffer.concat([layer.bytes, layer.bytes]), 'is longer than that'],
    ['another', {}, () => Buffer.alloc(layer.size), 'has the digest'],
  ])('that gives %s is refused', async (_what, headers, bytes, fault) => {
    give(() => [200, headers, bytes()]);
    await expect(pull()).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining(fault) as string,
    });
  });

  test.each(['application/octet-stream', 'binary/octet-stream', 'text/plain', 'application/json'])(
    'may call a manifest %s, with no digest of it or none that is one',
    async (type) => {
      redirect('https://cdn.test$', 307, /\/manifests\//);
      cdn.headers = (headers) => ({
        ...headers,
        'content-type': `${type}; charset=utf-8`,
        'docker-content-digest': type === 'text/plain' ? 'md5:0' : [],
      });
      await pull();
    },
  );

  test('that gives a manifest another digest is refused', async () => {
    redirect('https://cdn.test$', 307, /\/manifests\//);
    const digest = `sha256:${'0'.repeat(64)}`;
    cdn.headers = (headers) => ({ ...headers, 'docker-content-digest': digest });
    await expect(pull()).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining(`not ${digest}`) as string,
    });
  });
});
