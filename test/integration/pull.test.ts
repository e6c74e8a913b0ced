import { randomBytes } from 'node:crypto';
import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobPath, readBlob } from '../../src/image/store/content-store.js';
import { readImage } from '../../src/image/store/image-record.js';
import { hasLayer } from '../../src/image/store/layer-store.js';
import { type PullEvent, pullImage } from '../../src/image/transfer/pull.js';
import { failure } from '../helpers/failure.js';
import { BUSYBOX, makeImage, makeIndex, pushImage, type TestImage } from '../helpers/images.js';
import { fake, newHome, QUICK } from '../helpers/pulls.js';
import { DEAD_HOST, startRegistry, type TestRegistry } from '../helpers/registry.js';

const other = process.arch === 'x64' ? 'arm64' : 'amd64';

describe('from a real registry', () => {
  let registry: TestRegistry;
  let image: TestImage;

  beforeAll(async () => {
    registry = await startRegistry();
    image = await makeImage({ layers: [BUSYBOX, { 'etc/motd': 'hello\n' }] });
    await pushImage(`${registry.host}/single:v1`, [image]);
  });
  afterAll(() => registry.stop());

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
