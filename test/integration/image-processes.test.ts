import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { create } from 'tar';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { identifyProcess } from '../../src/host/process-identity.js';
import { imageDisk } from '../../src/image/disk/image-disk.js';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { type FakeRegistry, startFakeRegistry } from '../helpers/fake-registry.js';
import { blobsOf, type TestImage, writeLayout } from '../helpers/images.js';
import {
  diffIdsOf,
  imageHome,
  listingOf,
  loadAs,
  makeImages,
  storeListing,
  type TestImages,
} from '../helpers/stored-images.js';

const scratch = mkdtempSync(join(tmpdir(), 'boxlite-image-processes-'));
const program = join(scratch, 'image-process.mjs');
let images: TestImages;

beforeAll(async () => {
  await bundleHelper('image-process', program, 'external');
  images = await makeImages();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Child = ChildProcessByStdio<Writable, Readable, null>;

function run(root: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [program, root, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function outcome(child: Child): Promise<string> {
  return (await text(child.stdout)).trim().split('\n').at(-1) ?? '';
}

/** A registry that keeps back the second half of an image's last layer until it is told. */
async function startStalling(
  image: TestImage,
): Promise<FakeRegistry & { goOn: () => void; begun: Promise<unknown> }> {
  const layer = image.layers.at(-1);
  if (layer === undefined) throw new Error('the image has no layer');
  const half = layer.size >> 1;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  let held: ServerResponse | undefined;
  const registry = await startFakeRegistry([image], (request, response) => {
    if (held !== undefined || request.url?.endsWith(layer.digest) !== true) return false;
    held = response;
    response.writeHead(200, { 'content-length': layer.size });
    response.write(layer.bytes.subarray(0, half), () => begin());
    return true;
  });
  onTestFinished(() => registry.stop());
  return { ...registry, begun, goOn: () => void held?.end(layer.bytes.subarray(half)) };
}

/** An archive of the image, under a full name. */
async function archiveOf(image: TestImage, reference: string): Promise<string> {
  const directory = mkdtempSync(join(scratch, 'archive-'));
  const annotations = { 'io.containerd.image.name': reference };
  await writeLayout(directory, [{ blob: image.manifest, annotations }], blobsOf(image));
  const file = `${directory}.tar`;
  await create({ cwd: directory, file }, ['oci-layout', 'index.json', 'blobs']);
  return file;
}

test.each(['rmi', 'prune'])('%s takes nothing from a pull that runs', async (verb) => {
  const { home, runtime } = imageHome();
  await loadAs(runtime, images.left, 'example.test/left:1');
  const registry = await startStalling(images.right);
  const pull = run(home.root, 'pull', `${registry.host}/right:1`);
  const lines = createInterface({ input: pull.stdout });
  expect(await once(lines, 'line')).toEqual(['downloading']);
  await registry.begun;

  // The base is left's alone as far as the database knows; the pull has found it and goes on.
  if (verb === 'rmi') await runtime.removeImage('example.test/left:1');
  else await runtime.pruneImages({ all: true });
  const during = await storeListing(home);
  const [base = '', top = ''] = diffIdsOf(images.left).map((diffId) => diffId.slice(7));
  expect(during.layers).toContain(base);
  expect(during.layers).not.toContain(top);
  expect(during.partial?.some((name) => /^sha256-[0-9a-f]{64}$/.test(name))).toBe(true);

  registry.goOn();
  expect(await once(lines, 'line')).toEqual(['done']);
  expect(await storeListing(home)).toEqual(listingOf(images.right));
  await imageDisk(home, images.right.manifest.digest, diffIdsOf(images.right));
});

test('a pull that was killed loses nothing to rmi, and all to prune', async () => {
  const { home, runtime, database } = imageHome();
  await loadAs(runtime, images.alone, 'example.test/a:1');
  const registry = await startStalling(images.right);
  const pull = run(home.root, 'pull', `${registry.host}/right:1`);
  const lines = createInterface({ input: pull.stdout });
  await once(lines, 'line');
  await registry.begun;
  const baseBlob = images.right.layers[0]?.digest.slice(7) ?? '';
  await expect.poll(async () => (await storeListing(home)).blobs).toContain(baseBlob);
  pull.kill('SIGKILL');
  await once(pull, 'exit');

  await runtime.removeImage('example.test/a:1');
  const left = await storeListing(home);
  expect(left.blobs).toContain(baseBlob);
  expect(left.partial?.some((name) => /^sha256-[0-9a-f]{64}$/.test(name))).toBe(true);

  expect((await runtime.pruneImages()).freedBytes).toBeGreaterThan(200_000);
  expect(await storeListing(home)).toEqual(listingOf());
  expect(database.all('SELECT * FROM image_leases')).toEqual([]);
});

test('prune takes nothing from a load that still reads its archive', async () => {
  const { home, runtime } = imageHome();
  const bytes = await readFile(await archiveOf(images.left, 'example.test/left:1'));
  const load = run(home.root, 'load');
  const lines = createInterface({ input: load.stdout });
  load.stdin.write(bytes.subarray(0, bytes.length >> 1));
  expect(await once(lines, 'line')).toEqual(['reading']);
  await runtime.pruneImages({ all: true });
  load.stdin.end(bytes.subarray(bytes.length >> 1));
  expect(await once(lines, 'line')).toEqual(['done']);
  expect(await storeListing(home)).toEqual(listingOf(images.left));
});

test('processes that load, remove and prune at once break nothing', async () => {
  const { home, runtime } = imageHome();
  const jobs = await Promise.all(
    Object.entries(images).map(async ([name, image]: [string, TestImage]) => {
      const reference = `example.test/${name}:1`;
      return run(home.root, 'churn', await archiveOf(image, reference), reference, '12');
    }),
  );
  const ended = Promise.all(jobs.map(outcome));
  let pruned = 0;
  for (let busy = true; busy; pruned++) {
    const prune = runtime.pruneImages();
    busy = await Promise.race([ended.then(() => false), prune.then(() => true)]);
    await prune;
  }
  expect(await ended).toEqual(['done', 'done', 'done']);
  expect(pruned).toBeGreaterThan(1);
  await runtime.pruneImages();
  expect(await storeListing(home)).toEqual(listingOf(images.left, images.right, images.alone));
});

test('prune clears what dead processes have left half-made, and nobody else’s', async () => {
  const { home, runtime } = imageHome();
  await loadAs(runtime, images.alone, 'example.test/a:1');
  const dead = spawn('true');
  await once(dead, 'exit');
  const pid = dead.pid ?? 0;
  const before = new Date(Date.now() - 3_600_000);
  const directories = [home.images(), home.layers(), home.disks(), home.blanks()];
  for (const directory of directories) await mkdir(directory, { recursive: true });
  const leftovers = [
    ...directories.map((directory) => join(directory, `.making-${pid}-0a1b2c3d4e5f`)),
    join(home.partial(), `new-${pid}-0a1b2c3d4e5f`),
    join(home.partial(), `sha256-${'ab'.repeat(32)}`),
    join(home.partial(), `sha256-${'ab'.repeat(32)}.claim.new-${pid}-0a1b2c3d4e5f`),
    join(home.partial(), `sha256-${'cd'.repeat(32)}.claim`),
  ];
  const identity = JSON.stringify({ pid, startTicks: 1, bootId: 'of another boot' });
  for (const path of leftovers) await writeFile(path, identity);
  const own = identifyProcess(process.pid);
  const living = [
    join(home.layers(), `.making-${process.pid}-0a1b2c3d4e5f`),
    join(home.partial(), `sha256-${'ef'.repeat(32)}`),
    join(home.partial(), `sha256-${'ef'.repeat(32)}.claim`),
  ];
  for (const path of living) {
    await writeFile(path, JSON.stringify(own));
    // However old a file looks: it is its maker's life that counts.
    await utimes(path, before, before);
  }

  await runtime.pruneImages();
  for (const path of leftovers) await expect(stat(path), path).rejects.toThrow('ENOENT');
  for (const path of living) await expect(stat(path), path).resolves.toBeDefined();
});
