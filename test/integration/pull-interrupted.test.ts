import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readBlob } from '../../src/image/store/content-store.js';
import { pullImage } from '../../src/image/transfer/pull.js';
import { failure } from '../helpers/failure.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage, type TestImage } from '../helpers/images.js';
import { fake, newHome, QUICK } from '../helpers/pulls.js';

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
