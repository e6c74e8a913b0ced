import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { writeFileWhole } from '../../host/write-file-whole.js';

/** The files that set-up has made; paths are relative to the home's assets directory. */
export interface AssetsManifest {
  format: typeof FORMAT;
  kernel: KernelRecord;
  initramfs: InitramfsRecord;
}

export interface KernelRecord {
  /** Directory with vmlinux, and modules/ with the list of them in load order. */
  directory: string;
  bytes: number;
  sha256: string;
  /** SHA-256 over the copied modules; missing in manifests of older versions. */
  modulesSha256?: string;
  /**
   * Subdirectory with the modules that boxes may load, named by version; null: none. Missing in manifests of
   * older versions.
   */
  loadable?: string | null;
  /** SHA-256 over the list of wanted modules at that time; older versions had another list. */
  wantedSha256?: string;
  version: string;
  origin: string;
  /** Shows whether the files of a kernel named by the user are unchanged; '' for one we chose. */
  sourceKey: string;
}

export interface InitramfsRecord {
  file: string;
  bytes: number;
  sha256: string;
  kernelDirectory: string;
  agent: FileIdentity & { sha256: string };
}

/** Cheap to compare; if it differs, the contents decide. */
export interface FileIdentity {
  path: string;
  bytes: number;
  mtimeMs: number;
}

export const FORMAT = 1;

/** The manifest called `name`, or undefined if this version can't read it: set-up then rebuilds it. */
export async function readManifest(home: Home, name: string): Promise<AssetsManifest | undefined> {
  const path = join(home.assets(), name);
  try {
    return parseManifest(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw fileError(error, `read ${path}`);
  }
}

export async function writeManifest(
  home: Home,
  name: string,
  manifest: AssetsManifest,
): Promise<void> {
  await writeFileWhole(join(home.assets(), name), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Identifies a kernel with its modules by content, wherever they came from. */
export function kernelDigest({ sha256, modulesSha256 = '' }: KernelRecord): string {
  return createHash('sha256').update(`${sha256} ${modulesSha256}`).digest('hex');
}

function parseManifest(value: unknown): AssetsManifest | undefined {
  return isManifest(value) ? value : undefined;
}

function isManifest(value: unknown): value is AssetsManifest {
  if (!isRecord(value) || value.format !== FORMAT) return false;
  const { kernel, initramfs } = value;
  if (!isRecord(kernel) || !isRecord(initramfs) || !isRecord(initramfs.agent)) return false;
  const { agent } = initramfs;
  const texts = [
    ...[kernel.directory, kernel.sha256, kernel.version, kernel.origin, kernel.sourceKey],
    ...[initramfs.file, initramfs.sha256, initramfs.kernelDirectory, agent.path, agent.sha256],
  ];
  const numbers = [kernel.bytes, initramfs.bytes, agent.bytes, agent.mtimeMs];
  return (
    [kernel.modulesSha256, kernel.wantedSha256].every(isTextOrMissing) &&
    (kernel.loadable === null || isTextOrMissing(kernel.loadable)) &&
    texts.every((text) => typeof text === 'string') &&
    numbers.every((number) => typeof number === 'number')
  );
}

function isTextOrMissing(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
