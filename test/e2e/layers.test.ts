import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianLayout } from '../helpers/debian-image.js';
import { unpackImage, unpackLayers } from '../helpers/host-disk.js';
import { pack } from '../helpers/image-archive.js';
import { blobsOf, makeImage, writeLayout } from '../helpers/images.js';
import { LAYER_CASES } from '../helpers/layer-cases.js';
import { buildTreeLister, differences, listTree, toLines } from '../helpers/list-tree.js';
import { tar } from '../helpers/tar-builder.js';
import { useHome } from '../helpers/test-home.js';

// Only root can unpack the layers' devices, owners and capabilities.
const isRoot = process.getuid?.() === 0;
const DEBIAN_TIMEOUT_MS = 900_000;
const LISTER = 'list-tree-of-the-test';
/** Directories on which the box mounts file systems. */
const MOUNTS = ['dev', 'proc', 'sys'];
const BESIDE_THE_IMAGE =
  /^\.\/((dev|proc|sys)[ /]|(etc|etc\/(hosts|hostname|resolv\.conf|machine-id)) )/;
const BOX_TIMEOUT_MS = 300_000;

const execute = promisify(execFile);
const home = useHome();
let files: string;
let lister: string;
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'boxlite-in-a-box-'));
  lister = await buildTreeLister(files);
});
afterAll(() => rm(files, { recursive: true, force: true }));

describe.runIf(isRoot)('a box sees and exports what umoci unpacks', () => {
  it.each(Object.entries(LAYER_CASES))('of %s', async (name, layers) => {
    const reference = `example.test/${name.replace(/\W+/g, '-').slice(0, 40)}:v1`;
    await load(reference, layers);
    const unpacked = await listTree(lister, await unpackLayers(files, layers));
    expect(differences(await listBox(reference), ofImage(unpacked))).toEqual([]);
    expect(differences(await listExport(reference), ofExport(unpacked))).toEqual([]);
  });

  it(
    'of a whole Debian with Python',
    async () => {
      const reference = 'example.test/debian:v1';
      const layout = await debianLayout('python');
      await load(reference, await layersOf(layout, 'python'));
      const unpacked = await listTree(lister, await unpackImage(files, `${layout}:python`));
      expect(differences(await listBox(reference), ofImage(unpacked))).toEqual([]);
      expect(differences(await listExport(reference), ofExport(unpacked))).toEqual([]);
    },
    DEBIAN_TIMEOUT_MS,
  );
});

it('starts a box of 240 layers, as many as an image may have', async () => {
  const layers = Array.from({ length: 239 }, (_, n) => tar({ name: `${n}`, content: `${n}` }));
  await load('example.test/many:v1', layers);
  const names = (await listBox('example.test/many:v1')).filter((line) => /^\.\/\d/.test(line));
  expect(names).toHaveLength(239);
});

it('names the limit that a layer is over, which the user may raise', async () => {
  const rootfs = join(files, 'rootfs.tar');
  await writeFile(rootfs, tar({ name: 'f', content: Buffer.alloc(2 << 20) }));
  const env = { BOXLITE_MAX_LAYER_SIZE: '1m' };
  const { status, stdout, stderr } = await home.boxlite(['import', rootfs, 'big:1'], { env });
  expect([status, stdout.toString()]).toEqual([1, '']);
  expect(stderr).toBe(
    'boxlite: layer entry "f": the layer unpacks to more than 1048576 bytes, which is the limit maxLayerSize\n' +
      'if you trust the image, raise "maxLayerSize" in the configuration file or BOXLITE_MAX_LAYER_SIZE\n',
  );
  await home.ok(['import', rootfs, 'big:1'], { env: { BOXLITE_MAX_LAYER_SIZE: '4m' } });
});

/** The plain tars of the image with this tag in a layout. */
async function layersOf(layout: string, tag: string): Promise<Buffer[]> {
  const index = (await readJson(join(layout, 'index.json'))) as {
    manifests: { digest: string; annotations: Record<string, string> }[];
  };
  const image = index.manifests.find(
    ({ annotations }) => annotations['org.opencontainers.image.ref.name'] === tag,
  );
  const blobAt = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const manifest = (await readJson(blobAt(image?.digest ?? ''))) as {
    layers: { digest: string }[];
  };
  const blobs = manifest.layers.map(({ digest }) => readFile(blobAt(digest)));
  return (await Promise.all(blobs)).map((bytes) => gunzipSync(bytes));
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8')) as unknown;
}

/** Loads an image of these layers, with the listing program on top. */
async function load(reference: string, layers: readonly Buffer[]): Promise<void> {
  const top = tar({ name: LISTER, mode: 0o755, content: await readFile(lister) });
  const image = await makeImage({ layers: [...layers, top], compression: 'none' });
  const layout = await mkdtemp(join(files, 'layout-'));
  const annotations = { 'org.opencontainers.image.ref.name': reference };
  await writeLayout(layout, [{ blob: image.manifest, annotations }], blobsOf(image));
  await home.ok(['load', '-i', await pack(layout, `${layout}.tar`)]);
}

async function listBox(reference: string): Promise<string[]> {
  const { status, stdout, stderr } = await home.boxlite(
    ['run', '--rm', reference, `/${LISTER}`, '/', ...MOUNTS, LISTER],
    { timeoutMs: BOX_TIMEOUT_MS },
  );
  expect([status, stderr]).toEqual([0, '']);
  return ofImage(toLines(stdout.toString()));
}

/** Exports a box that never ran, unpacks it and lists it. */
async function listExport(reference: string): Promise<string[]> {
  const box = await home.ok(['create', reference, 'never-run']);
  const archive = join(files, 'export.tar');
  await home.ok(['export', '-o', archive, box], { timeoutMs: BOX_TIMEOUT_MS });
  await home.ok(['rm', box]);
  const unpacked = await mkdtemp(join(files, 'export-'));
  const kept = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '-p'];
  await execute('tar', ['-x', ...kept, '-C', unpacked, '-f', archive]);
  return ofExport(await listTree(lister, unpacked));
}

/** Drops the listing program, and `.` itself, for which an export has no entry. */
function ofExport(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^\.(\/list-tree-of-the-test)? /.test(line));
}

/**
 * Drops files that a box adds to its image, such as /etc if the image has none, and attributes that only a
 * process with the right to mount can see.
 */
function ofImage(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !BESIDE_THE_IMAGE.test(line))
    .map((line) => line.replace(/ trusted\.\S*/g, ''));
}
