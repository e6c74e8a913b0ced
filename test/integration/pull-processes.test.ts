import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClaim } from '../../src/host/claim.js';
import { Home } from '../../src/host/home.js';
import { readBlob } from '../../src/image/store/content-store.js';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { blob, imageOf, makeImage, pushImage, type TestImage, zstd } from '../helpers/images.js';
import { startRegistry, type TestRegistry } from '../helpers/registry.js';
import { tarHeader } from '../helpers/tar-builder.js';

let scratch: string;
let program: string;
let image: TestImage;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-pulls-'));
  program = join(scratch, 'pull-process.mjs');
  await bundleHelper('pull-process', program);
  image = await makeImage({ layers: [{ noise: randomBytes(2_000_000) }], compression: 'none' });
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function newHome(): Promise<Home> {
  return new Home(await mkdtemp(join(scratch, 'home-')));
}

function pull(home: Home, reference: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, [program, home.root, reference], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return child;
}

test('processes that pull the same image download each blob once', async () => {
  const registry = await startFakeRegistry([image]);
  try {
    const home = await newHome();
    const children = Array.from({ length: 4 }, () => pull(home, `${registry.host}/a`));
    const outputs = await Promise.all(children.map((child) => text(child.stdout)));
    for (const output of outputs) expect(output).toContain(image.manifest.digest);
    const blobs = registry.requests.filter(({ path }) => path.includes('/blobs/'));
    expect(blobs).toHaveLength(2);
    expect(await readdir(home.partial())).toEqual([]);
  } finally {
    await registry.stop();
  }
});

/** The most that a chunk may be: what Node holds back of a body, and a read besides. So much may be on its way
 * to the disk when a process is killed. */
const CHUNK_BYTES = 2 * 65_536;

/** Reads what a pull prints, up to the line that says that so many bytes are here. */
async function untilReceived(
  child: { stdout: NodeJS.ReadableStream },
  bytes: number,
): Promise<void> {
  for await (const line of createInterface({ input: child.stdout }))
    if (Number(/^downloading (\d+)$/.exec(line)?.[1]) >= bytes) return;
  throw new Error(`the pull ended before it had ${bytes} bytes`);
}

const SIZE = 2_000_000;
test.each([
  ['its first bytes', [1]],
  ['half of it', [SIZE / 2]],
  ['its last bytes', [SIZE - 1]],
  ['a fifth each time, four times in a row', [0.2, 0.4, 0.6, 0.8].map((part) => part * SIZE)],
])('a pull that was killed after %s is gone on with where it ended', async (_, points) => {
  const layer = image.layers[0] ?? image.config;
  let stop = 0;
  const registry = await startFakeRegistry([image], (request, response) => {
    if (request.url?.endsWith(layer.digest) !== true || stop === 0) return false;
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start === 0 ? 200 : 206, {
      'content-length': layer.size - start,
      ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${layer.size - 1}/${layer.size}` }),
    });
    // The rest never comes.
    response.write(layer.bytes.subarray(start, stop));
    return true;
  });
  try {
    const home = await newHome();
    let here = 0;
    for (stop of points) {
      const child = pull(home, `${registry.host}/a`);
      const ended = once(child, 'exit');
      await untilReceived(child, stop);
      child.kill('SIGKILL');
      await ended;
      const { size } = await stat(join(home.partial(), layer.digest.replace(':', '-')));
      expect(size).toBeGreaterThanOrEqual(Math.max(here, stop - CHUNK_BYTES));
      here = size;
    }
    stop = 0;
    expect(await text(pull(home, `${registry.host}/a`).stdout)).toContain(image.manifest.digest);
    const asked = registry.requests.filter(({ path }) => path.endsWith(layer.digest));
    const [, from = '0'] = /^bytes=(\d+)-$/.exec(asked.at(-1)?.range ?? '') ?? [];
    expect([Number(from), asked.at(-1)?.sentBytes]).toEqual([here, layer.size - here]);
    expect(layer.bytes.equals(await readBlob(home, layer.digest, 1 << 24))).toBe(true);
    expect(await readdir(home.partial())).toEqual([]);
  } finally {
    await registry.stop();
  }
});

test('a pull that waits for another goes on where that one was killed', async () => {
  const layer = image.layers[0] ?? image.config;
  let hold = true;
  const registry = await startFakeRegistry([image], (request, response) => {
    if (!hold || request.url?.endsWith(layer.digest) !== true) return false;
    response.writeHead(200, { 'content-length': layer.size });
    response.write(layer.bytes.subarray(0, SIZE / 2));
    return true;
  });
  try {
    const home = await newHome();
    const first = pull(home, `${registry.host}/a`);
    await untilReceived(first, SIZE / 2);
    const second = pull(home, `${registry.host}/a`);
    const lines = createInterface({ input: second.stdout })[Symbol.asyncIterator]();
    expect(await lines.next()).toMatchObject({ value: `waiting ${first.pid}` });
    hold = false;
    first.kill('SIGKILL');
    const { value } = (await lines.next()) as { value: string };
    // It begins with what the first one left, and hashes that again.
    expect(Number(/^downloading (\d+)$/.exec(value)?.[1])).toBeLessThanOrEqual(CHUNK_BYTES);
    for (;;) if ((await lines.next()).done === true) break;
    const asked = registry.requests.filter(({ path }) => path.endsWith(layer.digest));
    expect(asked).toHaveLength(2);
    expect(asked[1]?.sentBytes).toBeLessThanOrEqual(layer.size - SIZE / 2 + CHUNK_BYTES);
    expect(layer.bytes.equals(await readBlob(home, layer.digest, 1 << 24))).toBe(true);
    expect(await readdir(home.partial())).toEqual([]);
  } finally {
    await registry.stop();
  }
});

test('a pull that was killed when all bytes were here asks for none of them again', async () => {
  const layer = image.layers[0] ?? image.config;
  const home = await newHome();
  const registry = await startFakeRegistry([image]);
  try {
    await mkdir(home.partial(), { recursive: true });
    await writeFile(join(home.partial(), layer.digest.replace(':', '-')), layer.bytes);
    expect(await text(pull(home, `${registry.host}/a`).stdout)).toContain(image.manifest.digest);
    expect(registry.requests.filter(({ path }) => path.endsWith(layer.digest))).toEqual([]);
  } finally {
    await registry.stop();
  }
});

describe('a layer of 4 GiB', () => {
  const LIMIT_KIB = 150 * 1024;
  /** 64 MiB of noise and 63 times as many zeros: much to unpack and little to make. */
  const piece = 64 * 2 ** 20;
  const zeros = Buffer.alloc(piece);
  const parts = [
    tarHeader({ name: 'noise', size: piece }),
    randomBytes(piece),
    tarHeader({ name: 'zeros', size: 63 * piece }),
    ...Array.from({ length: 63 }, () => zeros),
    Buffer.alloc(1024),
  ];
  let registry: TestRegistry;
  let diffId: string;
  beforeAll(async () => {
    registry = await startRegistry();
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    diffId = `sha256:${hash.digest('hex')}`;
  });
  afterAll(() => registry.stop());

  test.each(['gzip', 'zstd'] as const)('in %s is pulled in 150 MiB of memory', async (packing) => {
    await pushImage(`${registry.host}/big-${packing}`, [bigImage(packing)]);
    const home = await newHome();
    const output = await text(pull(home, `${registry.host}/big-${packing}`).stdout);
    const [, peakKib = 'missing'] = /VmHWM (\d+)/.exec(output) ?? [];
    expect(Number(peakKib)).toBeLessThan(LIMIT_KIB);
    const [directory = ''] = await readdir(home.layers());
    const { size, blocks } = await stat(join(home.layers(), directory, 'data'));
    expect([size, blocks * 512 < 200 * 2 ** 20]).toEqual([2 ** 32, true]);
  });

  function bigImage(packing: 'gzip' | 'zstd'): TestImage {
    const pack = (bytes: Buffer): Buffer =>
      packing === 'gzip' ? gzipSync(bytes, { level: 1 }) : zstd(bytes, '-1');
    const packedZeros = pack(zeros);
    const packed = parts.map((part) => (part === zeros ? packedZeros : pack(part)));
    const type = `application/vnd.oci.image.layer.v1.tar+${packing}`;
    return imageOf(blob(type, Buffer.concat(packed)), diffId);
  }
});

test('a dead owner’s claim is taken over by one waiter at a time', async () => {
  const home = await newHome();
  await mkdir(home.partial(), { recursive: true });
  const path = join(home.partial(), 'x.claim');
  await writeFile(path, JSON.stringify({ pid: process.pid, startTicks: 1, bootId: 'old' }));
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withClaim(path, { what: 'x' }, work)));
  expect(most).toBe(1);
  expect(await readdir(home.partial())).toEqual([]);
});

test('a claim file that holds nonsense is taken over', async () => {
  const home = await newHome();
  await mkdir(home.partial(), { recursive: true });
  const path = join(home.partial(), 'x.claim');
  await writeFile(path, '');
  expect(await withClaim(path, { what: 'x' }, () => Promise.resolve('done'))).toBe('done');
});
