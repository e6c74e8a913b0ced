import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoxliteError } from '../../src/errors.js';
import { Home } from '../../src/host/home.js';
import { blobPath, readBlob } from '../../src/image/store/content-store.js';
import { readImage } from '../../src/image/store/image-record.js';
import { hasLayer } from '../../src/image/store/layer-store.js';
import { type PullEvent, pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { type FakeRegistry, startFakeRegistry } from '../helpers/fake-registry.js';
import {
  blob,
  BUSYBOX,
  descriptor,
  json,
  makeImage,
  makeIndex,
  pushImage,
  type TestImage,
} from '../helpers/images.js';
import { DEAD_HOST, startRegistry, type TestRegistry } from '../helpers/registry.js';

const QUICK: PullOptions = { retry: { attempts: 3, firstPauseMs: 1, longestPauseMs: 1000 } };

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function newHome(): Promise<Home> {
  const root = await mkdtemp(join(tmpdir(), 'boxlite pull-'));
  cleanups.push(() => rm(root, { recursive: true, force: true }));
  return new Home(root);
}

async function fake(...args: Parameters<typeof startFakeRegistry>): Promise<FakeRegistry> {
  const registry = await startFakeRegistry(...args);
  cleanups.push(() => registry.stop());
  return registry;
}

async function failure(work: Promise<unknown>): Promise<BoxliteError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BoxliteError) return error;
  throw new Error(`expected a BoxliteError, got ${String(error)}`);
}

const other = process.arch === 'x64' ? 'arm64' : 'amd64';

describe('from a real registry', () => {
  let registry: TestRegistry;
  let image: TestImage;

  beforeAll(async () => {
    registry = await startRegistry();
    cleanups.push(() => registry.stop());
    image = await makeImage({ layers: [BUSYBOX, { 'etc/motd': 'hello\n' }] });
    await pushImage(`${registry.host}/single:v1`, [image]);
  });

  test('brings manifest, config and layers, and lays the layers out', async () => {
    const home = await newHome();
    const events: PullEvent[] = [];
    const pulled = await pullImage(home, `${registry.host}/single:v1`, {
      onProgress: (event) => events.push(event),
    });
    expect(pulled.reference).toBe(`${registry.host}/single:v1`);
    expect(pulled.digest).toBe(image.manifest.digest);
    expect(pulled.upToDate).toBe(false);
    expect(pulled.image.configDigest).toBe(image.config.digest);
    expect(pulled.image.config.cmd).toEqual(['/bin/busybox', 'sh']);
    expect(await readImage(home, pulled.image.manifestDigest)).toEqual(pulled.image);
    for (const layer of pulled.image.layers) {
      expect(await hasLayer(home, layer.diffId)).toBe(true);
      await readBlob(home, layer.digest, 1 << 30);
    }
    expect(await readdir(home.partial())).toEqual([]);
    const last = events.filter((event) => event.type === 'layer').at(-1);
    expect(last).toMatchObject({ status: 'done' });
    expect(events).toContainEqual({
      type: 'layer',
      digest: image.layers[0]?.digest,
      status: 'downloading',
      bytes: image.layers[0]?.size,
      total: image.layers[0]?.size,
    });
  });

  test('fetches nothing again and says so', async () => {
    const home = await newHome();
    await pullImage(home, `${registry.host}/single:v1`);
    const again = await pullImage(home, `${registry.host}/single:v1`);
    expect(again.upToDate).toBe(true);
    expect(again.image.manifestDigest).toBe(image.manifest.digest);
  });

  test('takes plain layers', async () => {
    const plain = await makeImage({ layers: [BUSYBOX], compression: 'none' });
    await pushImage(`${registry.host}/plain`, [plain]);
    const { image: stored } = await pullImage(await newHome(), `${registry.host}/plain`);
    expect(stored.layers[0]?.digest).toBe(stored.layers[0]?.diffId);
  });

  test('chooses the entry of an index by platform', async () => {
    const foreign = await makeImage({ layers: [{ arch: other }], architecture: other });
    await pushImage(`${registry.host}/multi:latest`, [foreign, image]);
    const home = await newHome();
    const mine = await pullImage(home, `${registry.host}/multi`);
    expect(mine.image.manifestDigest).toBe(image.manifest.digest);
    expect(mine.digest).toBe(makeIndex([foreign, image]).digest);
    const theirs = await pullImage(home, `${registry.host}/multi`, {
      platform: { os: 'linux', architecture: other },
    });
    expect(theirs.image.manifestDigest).toBe(foreign.manifest.digest);
  });

  test('names the platforms an index has when none fits', async () => {
    const error = await failure(
      pullImage(await newHome(), `${registry.host}/multi`, {
        platform: { os: 'linux', architecture: 'riscv64' },
      }),
    );
    expect(error.code).toBe('image-not-found');
    expect(error.message).toContain(`linux/${other}`);
  });

  test('pulls by digest, and asks nobody for what is stored', async () => {
    const home = await newHome();
    const reference = `${registry.host}/single@${image.manifest.digest}`;
    expect((await pullImage(home, reference)).digest).toBe(image.manifest.digest);
    const unreachable = `${DEAD_HOST}/single@${image.manifest.digest}`;
    expect((await pullImage(home, unreachable)).upToDate).toBe(true);
  });

  test('says that an image is unknown', async () => {
    const error = await failure(pullImage(await newHome(), `${registry.host}/nothing:here`));
    expect(error.code).toBe('image-not-found');
    expect(error.message).toContain(`${registry.host}/nothing:here`);
  });

  test('takes the first registry of the search list that has the image', async () => {
    const registries = [DEAD_HOST, `${registry.host}/team`, registry.host];
    const pulled = await pullImage(await newHome(), 'single:v1', { ...QUICK, registries });
    expect(pulled.reference).toBe(`${registry.host}/single:v1`);
  });

  test('gives one line a registry when all of them fail', async () => {
    const registries = [DEAD_HOST, registry.host];
    const error = await failure(pullImage(await newHome(), 'no', { ...QUICK, registries }));
    expect(error.code).toBe('registry-unreachable');
    expect(error.message.split('\n')).toHaveLength(3);
    expect(error.message).toContain(`can't reach ${DEAD_HOST}: connection refused`);
    expect(error.message).toContain(`${registry.host}/no:latest was not found`);
  });
});

test('says that a registry is unreachable, and why', async () => {
  const error = await failure(pullImage(await newHome(), `${DEAD_HOST}/a`, QUICK));
  expect(error.code).toBe('registry-unreachable');
  expect(error.message).toBe(`can't reach ${DEAD_HOST}: connection refused`);
});

describe('over a bad line', () => {
  let big: TestImage;
  beforeAll(async () => {
    big = await makeImage({ layers: [{ noise: randomBytes(1_500_000) }], compression: 'none' });
  });
  const isLayer = (url: string | undefined): boolean =>
    url?.endsWith(`/blobs/${big.layers[0]?.digest ?? ''}`) === true;

  test('goes on where a cut connection ended', async () => {
    let cuts = 0;
    const registry = await fake([big], (request, response) => {
      if (!isLayer(request.url) || cuts++ > 0) return false;
      const bytes = big.layers[0]?.bytes ?? Buffer.alloc(0);
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 700_000), () => response.socket?.destroySoon());
      return true;
    });
    const { upToDate } = await pullImage(await newHome(), `${registry.host}/big`, QUICK);
    expect(upToDate).toBe(false);
    const ranges = registry.requests.filter(({ path }) => isLayer(path)).map(({ range }) => range);
    expect(ranges).toHaveLength(2);
    expect(ranges[1]).toMatch(/^bytes=[1-9][0-9]*-$/);
  });

  test('goes on in a later run with what an earlier one left', async () => {
    const home = await newHome();
    const controller = new AbortController();
    const registry = await fake([big]);
    const error = await failure(
      pullImage(home, `${registry.host}/big`, {
        ...QUICK,
        signal: controller.signal,
        onProgress: (event) => {
          if (event.type === 'layer' && event.status === 'downloading' && event.bytes > 100_000)
            controller.abort();
        },
      }),
    );
    expect(error.code).toBe('cancelled');
    await pullImage(home, `${registry.host}/big`, QUICK);
    const last = registry.requests.at(-1);
    expect(last?.range).toMatch(/^bytes=[1-9][0-9]*-$/);
  });

  test('keeps what came when the registry goes away, for the next run', async () => {
    const home = await newHome();
    const leaving = await startFakeRegistry([big], (request, response) => {
      if (!isLayer(request.url)) return false;
      response.writeHead(200, { 'content-length': big.layers[0]?.size ?? 0 });
      response.write(big.layers[0]?.bytes.subarray(0, 700_000), () => void leaving.stop());
      return true;
    });
    const error = await failure(pullImage(home, `${leaving.host}/big`, QUICK));
    expect(error.code).toBe('registry-unreachable');
    const [partial = ''] = await readdir(home.partial());
    const { size } = await stat(join(home.partial(), partial));
    expect(size).toBeGreaterThan(0);
    const registry = await fake([big]);
    await pullImage(home, `${registry.host}/big`, QUICK);
    const last = registry.requests.at(-1);
    expect([last?.range, last?.sentBytes]).toEqual([
      `bytes=${size}-`,
      (big.layers[0]?.size ?? 0) - size,
    ]);
  });

  test('begins anew when the bytes an earlier run left are wrong', async () => {
    const home = await newHome();
    const registry = await fake([big]);
    const digest = big.layers[0]?.digest ?? '';
    await mkdir(home.partial(), { recursive: true });
    await writeFile(join(home.partial(), digest.replace(':', '-')), randomBytes(5000));
    const { image } = await pullImage(home, `${registry.host}/big`, QUICK);
    expect((await readBlob(home, digest, 1 << 24)).length).toBe(image.layers[0]?.size);
  });

  test('reads past the beginning when the registry has no ranges', async () => {
    const home = await newHome();
    let first = true;
    const registry = await fake([big], (request, response) => {
      if (!isLayer(request.url)) return false;
      const bytes = big.layers[0]?.bytes ?? Buffer.alloc(0);
      response.writeHead(200, { 'content-length': bytes.length });
      if (first) response.write(bytes.subarray(0, 300_000), () => response.socket?.destroySoon());
      else response.end(bytes);
      first = false;
      return true;
    });
    const { image } = await pullImage(home, `${registry.host}/big`, QUICK);
    await readBlob(home, image.layers[0]?.digest ?? '', 1 << 24);
  });

  test('gives up on a server that stalls', async () => {
    const registry = await fake([big], (request, response) => {
      if (!isLayer(request.url)) return false;
      response.writeHead(200, { 'content-length': big.layers[0]?.size ?? 0 });
      response.flushHeaders();
      return true;
    });
    const timeouts = { connectMs: 60_000, answerMs: 60_000, stallMs: 300 };
    const error = await failure(
      pullImage(await newHome(), `${registry.host}/big`, { ...QUICK, timeouts }),
    );
    expect(error.code).toBe('registry-unreachable');
    expect(error.message).toContain('nothing came for');
  });

  test('tries again when the registry is busy', async () => {
    let busy = 2;
    const registry = await fake([big], (_request, response) => {
      if (busy-- <= 0) return false;
      response.writeHead(503, { 'retry-after': '0' }).end();
      return true;
    });
    await pullImage(await newHome(), `${registry.host}/big`, QUICK);
    expect(registry.requests.slice(0, 3).map(({ path }) => path)).toEqual(
      Array.from({ length: 3 }, () => '/v2/big/manifests/latest'),
    );
  });

  test('does not wait longer than its patience for a registry that is busy', async () => {
    const registry = await fake([big], (_request, response) => {
      response.writeHead(429, { 'retry-after': '86400' }).end();
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/big`, QUICK));
    expect(error.code).toBe('registry-protocol');
    expect(registry.requests).toHaveLength(1);
  });
});

test('a pull fetches three layers at a time', async () => {
  const layers = Array.from({ length: 7 }, (_, i) => ({ [`file${i}`]: String(i) }));
  const image = await makeImage({ layers });
  const held: (() => void)[] = [];
  const groups: number[] = [];
  const release = (): void => {
    groups.push(held.length);
    for (const answer of held.splice(0)) answer();
  };
  const registry = await fake([image], (request, response) => {
    const layer = image.layers.find(({ digest }) => request.url?.endsWith(digest));
    if (layer === undefined) return false;
    held.push(() => response.end(layer.bytes));
    const isLast = groups.length === 2;
    // A fourth request would have been sent before this one, and be here when it is answered.
    if (held.length === 3 || isLast) void fetch(`http://${registry.host}/v2/`).then(release);
    return true;
  });
  await pullImage(await newHome(), `${registry.host}/seven`, QUICK);
  expect(groups).toEqual([3, 3, 1]);
});

describe('two pulls at once', () => {
  test('download each blob once', async () => {
    const image = await makeImage({
      layers: [{ a: randomBytes(300_000) }, { b: randomBytes(300_000) }],
    });
    const registry = await fake([image]);
    const home = await newHome();
    await Promise.all(
      Array.from({ length: 4 }, () => pullImage(home, `${registry.host}/same`, QUICK)),
    );
    const blobs = registry.requests.filter(({ path }) => path.includes('/blobs/'));
    expect(blobs.map(({ path }) => path)).toHaveLength(3);
  });
});

describe('a hostile registry', () => {
  let image: TestImage;
  beforeAll(async () => {
    image = await makeImage({ layers: [{ file: 'content' }] });
  });

  test('is refused when a blob has another digest', async () => {
    const home = await newHome();
    const registry = await fake([image], (request, response) => {
      if (request.url?.endsWith(image.layers[0]?.digest ?? '-') !== true) return false;
      response.end(Buffer.alloc(image.layers[0]?.size ?? 0));
      return true;
    });
    const error = await failure(pullImage(home, `${registry.host}/a`, QUICK));
    expect(error.code).toBe('image-corrupt');
    expect(error.message).toContain('has the digest');
    expect(await readdir(home.blobs('sha256'))).not.toContain(image.layers[0]?.digest.slice(7));
  });

  test('is refused when a blob goes on beyond its size', async () => {
    const registry = await fake([image], (request, response) => {
      if (request.url?.endsWith(image.config.digest) !== true) return false;
      response.write(image.config.bytes);
      response.end('and more');
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'image-corrupt' });
    expect(error.message).toContain('is longer than that');
  });

  test('is refused before a byte is read when it announces another size', async () => {
    const registry = await fake([image], (request, response) => {
      if (request.url?.endsWith(image.config.digest) !== true) return false;
      response.writeHead(200, { 'content-length': 1e15 });
      response.flushHeaders();
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.code).toBe('image-corrupt');
    expect(error.message).toContain('has 1000000000000000 bytes');
  });

  test('is refused when the Content-Type is not the mediaType of the manifest', async () => {
    const registry = await fake([image], (request, response) => {
      if (request.url?.includes('/manifests/') !== true) return false;
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' });
      response.end(image.manifest.bytes);
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'image-corrupt' });
    expect(error.message).toContain('calls itself');
  });

  test('is refused when a manifest by digest has another digest', async () => {
    const other = await makeImage({ layers: [{ file: 'forged' }] });
    const registry = await fake([image], (request, response) => {
      if (request.url?.includes('/manifests/') !== true) return false;
      response.writeHead(200, { 'content-type': other.manifest.mediaType });
      response.end(other.manifest.bytes);
      return true;
    });
    const reference = `${registry.host}/a@${image.manifest.digest}`;
    expect((await failure(pullImage(await newHome(), reference, QUICK))).code).toBe(
      'image-corrupt',
    );
  });

  test('is refused when it nests indexes without end', async () => {
    let top = makeIndex([image]);
    const all = [top];
    for (let level = 0; level < 8; level++) {
      const manifests = [{ ...descriptor(top) }];
      top = json(top.mediaType, { schemaVersion: 2, mediaType: top.mediaType, manifests });
      all.unshift(top);
    }
    const registry = await fake([image], undefined, all);
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.message).toContain('nests indexes');
  });

  test('is refused when it sends a manifest of the old schema', async () => {
    const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    const old = blob(type, Buffer.from('{"schemaVersion":1,"fsLayers":[]}'));
    const registry = await fake([], undefined, [old]);
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'unsupported' });
    expect(error.message).toContain('schema 1');
  });

  test('is refused when it sends a manifest without end', async () => {
    const registry = await fake([image], (_request, response) => {
      response.writeHead(200, { 'content-type': image.manifest.mediaType });
      response.end(Buffer.alloc(5 * 1024 * 1024, ' '));
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.code).toBe('registry-protocol');
  });

  test('does not get its redirect followed for ever', async () => {
    const registry = await fake([image], (request, response) => {
      response.writeHead(307, { location: request.url }).end();
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.message).toContain('redirects more than');
  });
});

describe('authorization', () => {
  test('is got from the token server and does not follow a redirect to another host', async () => {
    const image = await makeImage({ layers: [{ file: 'content' }] });
    const storage = await fake([image]);
    const tokens = await fake([], (_request, response) => {
      response.end('{"token":"s3cret","expires_in":60}');
      return true;
    });
    const registry = await fake([image], (request, response) => {
      if (request.headers.authorization !== 'Bearer s3cret') {
        const challenge = `Bearer realm="http://${tokens.host}/t",service="test"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
        return true;
      }
      if (request.url?.includes('/blobs/') !== true) return false;
      response.writeHead(307, { location: `http://${storage.host}${request.url}` }).end();
      return true;
    });
    await pullImage(await newHome(), `${registry.host}/private/app`, QUICK);
    expect(tokens.requests.map(({ path }) => path)).toEqual([
      '/t?service=test&scope=repository%3Aprivate%2Fapp%3Apull',
    ]);
    expect(storage.requests).toHaveLength(2);
    expect(storage.requests.map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('that is refused is an error of its own', async () => {
    const registry = await fake([], (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    });
    const error = await failure(pullImage(await newHome(), `${registry.host}/a`, QUICK));
    expect(error.code).toBe('registry-auth');
  });

  test('by name and password is sent when the registry asks for it', async () => {
    const image = await makeImage({ layers: [{ file: 'content' }] });
    const registry = await fake([image], (request, response) => {
      if (request.headers.authorization === 'Basic bWU6aXQ=') return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    });
    const credentials = () => Promise.resolve({ username: 'me', password: 'it' });
    await pullImage(await newHome(), `${registry.host}/a`, { ...QUICK, credentials });
  });
});

describe('damage in the store', () => {
  test('of a blob and its layer is healed by pulling again', async () => {
    const image = await makeImage({ layers: [{ file: 'content' }] });
    const registry = await fake([image]);
    const home = await newHome();
    const { image: stored } = await pullImage(home, `${registry.host}/a`, QUICK);
    const [layer] = stored.layers;
    if (layer === undefined) throw new Error('one layer');
    // Same size, other bytes: only reading finds it.
    await writeFile(blobPath(home, layer.digest), Buffer.alloc(layer.size));
    await rm(home.layers(), { recursive: true });
    await pullImage(home, `${registry.host}/a`, QUICK);
    await readBlob(home, layer.digest, 1 << 20);
    await truncate(blobPath(home, layer.digest), 3);
    await truncate(blobPath(home, stored.configDigest), 3);
    await truncate(blobPath(home, stored.manifestDigest), 3);
    await pullImage(home, `${registry.host}/a`, QUICK);
    expect(await readImage(home, stored.manifestDigest)).toEqual(stored);
  });
});
