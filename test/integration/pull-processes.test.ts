import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Home } from '../../src/home.js';
import { withClaim } from '../../src/image/claim.js';
import { readBlob } from '../../src/image/content-store.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage, type TestImage } from '../helpers/images.js';

let scratch: string;
let program: string;
let image: TestImage;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-pulls-'));
  program = join(scratch, 'pull-process.mjs');
  await build({
    entryPoints: ['test/helpers/pull-process.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: program,
  });
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

test('a pull that was killed is gone on with where it ended', async () => {
  let hold = true;
  const bytes = image.layers[0]?.bytes ?? Buffer.alloc(0);
  const registry = await startFakeRegistry([image], (request, response) => {
    if (!hold || request.url?.endsWith(image.layers[0]?.digest ?? '-') !== true) return false;
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 1_000_000));
    return true;
  });
  try {
    const home = await newHome();
    const first = pull(home, `${registry.host}/a`);
    const ended = once(first, 'exit');
    const began = once(createInterface({ input: first.stdout }), 'line').then(() => 'began');
    expect(await Promise.race([began, ended])).toBe('began');
    first.kill('SIGKILL');
    await ended;
    hold = false;
    expect(await text(pull(home, `${registry.host}/a`).stdout)).toContain(image.manifest.digest);
    expect(registry.requests.at(-1)?.range).toMatch(/^bytes=[1-9][0-9]*-$/);
    expect(bytes.equals(await readBlob(home, image.layers[0]?.digest ?? '', 1 << 24))).toBe(true);
    expect(await readdir(home.partial())).toEqual([]);
  } finally {
    await registry.stop();
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
