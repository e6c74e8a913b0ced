import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BoxliteRuntime } from '../../src/engine/runtime.js';
import type { Home } from '../../src/host/home.js';
import { Database } from '../../src/store/database.js';
import { longBytes } from './bytes.js';
import { blobsOf, makeImage, type TestImage, writeLayout } from './images.js';
import { openRuntime, temporaryHome } from './tiny-runtime.js';

/** Two images on one base, and one on its own. */
export interface TestImages {
  left: TestImage;
  right: TestImage;
  alone: TestImage;
}

export async function makeImages(): Promise<TestImages> {
  const base = { base: longBytes(200_000) };
  const config = (name: string) => ({ Cmd: ['/bin/sh'], Labels: { name } });
  return {
    left: await makeImage({ layers: [base, { left: longBytes(30_001) }], config: config('left') }),
    right: await makeImage({
      layers: [base, { right: longBytes(40_001) }],
      config: config('right'),
    }),
    alone: await makeImage({ layers: [{ alone: longBytes(50_001) }], config: config('alone') }),
  };
}

export interface ImageHome {
  home: Home;
  runtime: BoxliteRuntime;
  database: Database;
}

/** A separate home, removed after the test. */
export function imageHome(): ImageHome {
  const home = temporaryHome();
  const database = Database.open(home);
  onTestFinished(() => database.close());
  return { home, runtime: openRuntime(home), database };
}

/** Loads an image under full names, as from an archive of another tool. */
export async function loadAs(
  runtime: BoxliteRuntime,
  image: TestImage,
  ...references: string[]
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-layout-'));
  try {
    const tops = references.map((name) => ({
      blob: image.manifest,
      annotations: { 'io.containerd.image.name': name },
    }));
    await writeLayout(
      directory,
      tops.length > 0 ? tops : [{ blob: image.manifest }],
      blobsOf(image),
    );
    await runtime.loadImages(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Everything in the store, by kind: names of blobs, layers, disks and unfinished files. */
export async function storeListing(home: Home): Promise<Record<string, string[]>> {
  const list = async (directory: string): Promise<string[]> =>
    (await readdir(directory).catch(() => [])).sort();
  return {
    blobs: await list(home.blobs('sha256')),
    layers: await list(home.layers()),
    disks: await list(home.disks()),
    partial: await list(home.partial()),
  };
}

/** The store's listing if it holds only these images; starts create the disks. */
export function listingOf(...images: TestImage[]): Record<string, string[]> {
  const hex = (digest: string): string => digest.slice('sha256:'.length);
  const sorted = (names: string[]): string[] => [...new Set(names)].sort();
  return {
    blobs: sorted(images.flatMap((image) => blobsOf(image).map(({ digest }) => hex(digest)))),
    layers: sorted(images.flatMap((image) => diffIdsOf(image).map(hex))),
    disks: [],
    partial: [],
  };
}

export function diffIdsOf(image: TestImage): string[] {
  const config = JSON.parse(image.config.bytes.toString()) as { rootfs: { diff_ids: string[] } };
  return config.rootfs.diff_ids;
}
