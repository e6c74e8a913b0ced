import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { type PulledImage, pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import {
  type FakeRegistry,
  type Interference,
  startFakeRegistry,
} from '../helpers/fake-registry.js';
import { makeImage, pushImage, type TestImage } from '../helpers/images.js';
import { DEAD_HOST, startRegistry, type TestRegistry } from '../helpers/registry.js';

let scratch: string;
let image: TestImage;
let real: TestRegistry;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-mirror-'));
  image = await makeImage({ layers: [{ a: 'b' }, { c: 'd' }] });
  real = await startRegistry();
  await pushImage(`${real.host}/hub/library/app`, [image]);
});
afterAll(async () => {
  await real.stop();
  await rm(scratch, { recursive: true, force: true });
});

async function fake(images: readonly TestImage[], bend?: Interference): Promise<FakeRegistry> {
  const registry = await startFakeRegistry(images, bend);
  onTestFinished(() => registry.stop());
  return registry;
}

async function pull(
  name: string,
  mirrors: Record<string, string[]>,
  more: PullOptions = {},
): Promise<PulledImage> {
  return pullImage(new Home(await mkdtemp(join(scratch, 'home-'))), name, {
    retry: { attempts: 5, firstPauseMs: 1, longestPauseMs: 1 },
    mirrors,
    ...more,
  });
}

const refuse: Interference = (_request, response) => {
  response.writeHead(404).end();
  return true;
};

test('docker.io is pulled from its mirror, under its own name', async () => {
  const pulled = await pull('app', { 'docker.io': [`${real.host}/hub`] });
  expect(pulled.reference).toBe('docker.io/library/app:latest');
  expect(pulled.digest).toBe(image.manifest.digest);
});

test('a registry is asked for what its mirror does not have, blob by blob', async () => {
  const layer = image.layers[1]?.digest ?? '';
  const mirror = await fake([image], (request, response) =>
    request.url?.endsWith(layer) === true ? refuse(request, response) : false,
  );
  const registry = await fake([image]);
  const pulled = await pull(`${registry.host}/app`, { [registry.host]: [mirror.host] });
  expect(pulled.reference).toBe(`${registry.host}/app:latest`);
  expect(registry.requests.map(({ path }) => path)).toEqual([`/v2/app/blobs/${layer}`]);
});

test('a mirror of another registry is left alone', async () => {
  const mirror = await fake([image]);
  const registry = await fake([image]);
  await pull(`${registry.host}/app`, { 'docker.io': [mirror.host] });
  expect(mirror.requests).toEqual([]);
});

test('a mirror that can’t be reached is asked once, not for each blob', async () => {
  const registry = await fake([image]);
  let asked = 0;
  const broken = await fake([], (request) => {
    asked++;
    request.socket.destroy();
    return true;
  });
  const mirrors = { [registry.host]: [DEAD_HOST, `http://${broken.host}`] };
  await pull(`${registry.host}/app`, mirrors);
  // One request, tried twice though the registry itself would be tried five times.
  expect(asked).toBe(2);
});

test.each([
  ['answers nonsense', (): Buffer => Buffer.from('{}')],
  ['has forged the image', (): Buffer => Buffer.from(image.manifest.bytes.toString() + ' ')],
])('a mirror that %s is passed over', async (_what, body) => {
  const mirror = await fake([image], (request, response) => {
    if (request.url?.includes('/manifests/') !== true) return false;
    response.writeHead(200, { 'content-type': image.manifest.mediaType });
    response.end(body());
    return true;
  });
  const registry = await fake([image]);
  const name = `${registry.host}/app@${image.manifest.digest}`;
  const pulled = await pull(name, { [registry.host]: [mirror.host] });
  expect(pulled.digest).toBe(image.manifest.digest);
});

test('a mirror is shown its own credentials, never those of the registry', async () => {
  const askFirst: Interference = (request, response) => {
    if (request.headers.authorization !== undefined) return false;
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    return true;
  };
  const mirror = await fake([], (request, response) =>
    askFirst(request, response) ? true : refuse(request, response),
  );
  const registry = await fake([image], askFirst);
  const asked: string[] = [];
  const credentials = (host: string) => {
    asked.push(host);
    return Promise.resolve({ username: host, password: 'x' });
  };
  await pull(`${registry.host}/app`, { [registry.host]: [mirror.host] }, { credentials });
  expect(asked).toEqual([mirror.host, registry.host]);
  const shown = (host: FakeRegistry): Set<string> =>
    new Set(
      host.requests.flatMap(({ authorization }) =>
        authorization === undefined
          ? []
          : [Buffer.from(authorization.slice('Basic '.length), 'base64').toString()],
      ),
    );
  expect(shown(mirror)).toEqual(new Set([`${mirror.host}:x`]));
  expect(shown(registry)).toEqual(new Set([`${registry.host}:x`]));
});

test('when neither has it the registry’s answer counts, with a line for the mirror', async () => {
  const mirror = await fake([], refuse);
  const registry = await fake([], refuse);
  await expect(
    pull(`${registry.host}/app`, { [registry.host]: [mirror.host] }),
  ).rejects.toMatchObject({
    code: 'image-not-found',
    message:
      `${registry.host}/app:latest was not found\n` +
      `  of its mirrors: ${registry.host}/app:latest was not found`,
  });
});

test('a mirror that is malformed is named before anything is asked', async () => {
  await expect(pull('app', { 'docker.io': ['ftp://x'] })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: 'invalid registry mirror: "ftp://x"',
  });
});
