import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { Home } from '../../src/host/home.js';
import { type PulledImage, pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { startFakeRegistry } from './fake-registry.js';
import { descriptor, json, type TestBlob } from './images.js';

const OCI = 'application/vnd.oci.image';
export const INDEX = `${OCI}.index.v1+json`;
export const MANIFEST = `${OCI}.manifest.v1+json`;
const CONFIG = `${OCI}.config.v1+json`;
export const LAYER = `${OCI}.layer.v1.tar+gzip`;
export const FOREIGN = `${OCI}.layer.nondistributable.v1.tar+gzip`;
export const QUICK: PullOptions = {
  retry: { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 },
  platform: { os: 'linux', architecture: 'amd64' },
};

/** What a registry has: the first is what the tag names. */
export type Content = [TestBlob, ...TestBlob[]];

/** Pulls what the registry's tag names into a new home of the calling test. */
export async function pull(
  content: Content,
  options: PullOptions = {},
): Promise<[PulledImage, Home]> {
  const registry = await startFakeRegistry([], undefined, content);
  const home = await newHome();
  try {
    return [await pullImage(home, `${registry.host}/a`, { ...QUICK, ...options }), home];
  } finally {
    await registry.stop();
    // Whatever happened, nobody holds anything any more.
    const left = await readdir(home.partial()).catch(() => []);
    expect(left.filter((name) => name.includes('claim'))).toEqual([]);
  }
}

export async function newHome(): Promise<Home> {
  const root = await mkdtemp(join(tmpdir(), 'boxlite-manifests-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return new Home(root);
}

export type Entry = Record<string, unknown>;

export function index(...manifests: Entry[]): TestBlob {
  return json(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
}

export function on(platform: string, top: TestBlob): Entry {
  const [os, architecture, variant] = platform.split('/');
  return { ...descriptor(top), platform: { os, architecture, variant } };
}

/** A manifest of these parts, which may lie. */
export function manifest(config: Entry, layers: Entry[], more: Entry = {}): TestBlob {
  return json(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers, ...more });
}

export function config(diffIds: string[], more: Entry = {}): TestBlob {
  const rootfs = { type: 'layers', diff_ids: diffIds };
  return json(CONFIG, { os: 'linux', architecture: 'amd64', rootfs, ...more });
}

export function hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
