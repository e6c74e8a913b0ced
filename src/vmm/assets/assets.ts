import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import {
  type AssetsManifest,
  kernelDigest,
  type KernelRecord,
  readManifest,
  writeManifest,
} from './assets-manifest.js';
import { makeInitramfs, usableInitramfs } from './guest-initramfs.js';
import { makeKernel, sourceKeyOf, usableKernel, wantedModulesDigest } from './guest-kernel.js';
import { DEFAULT_MANIFEST, manifestOf, sharedKernel } from './named-kernels.js';
import { removeUnusedAssets } from './unused-assets.js';

/** What every VM boots from. */
export interface Assets {
  /** Path of the uncompressed kernel. */
  kernel: string;
  kernelVersion: string;
  /** The kernel's origin: a package or a path. */
  kernelOrigin: string;
  /** SHA-256 in hex over the kernel and its modules, whatever agent they boot. */
  kernelDigest: string;
  /** Path of a directory for /lib/modules of a box that may load some; undefined if there is none. */
  modules: string | undefined;
  /** Where its content is as a disk, once a box has needed it. */
  modulesDisk: string | undefined;
  /** Path of the initramfs. */
  initramfs: string;
  /** SHA-256 in hex over kernel and initramfs; a template works only with those it was made with. */
  digest: string;
}

/** A kernel named by the user instead of the distribution's. */
export interface KernelChoice {
  /** vmlinuz or vmlinux. */
  kernel?: string;
  /** Its /lib/modules/VERSION; without it the kernel must have all that the guest needs built in. */
  modules?: string;
}

export interface PrepareOptions extends KernelChoice {
  /** Receives each slow stage as it begins. */
  onProgress?: (message: string) => void;
  signal?: AbortSignal | undefined;
}

export interface PreparedAssets extends Assets {
  /** What had to be made; both false if everything was in place. */
  made: { kernel: boolean; initramfs: boolean };
}

/**
 * Loads what set-up has made, in about a millisecond: it compares sizes and hashes nothing. Rebuilds the
 * initramfs only if the guest agent has been rebuilt since. A kernel named here is prepared on its first use
 * and does not change set-up's choice.
 * @throws setup-needed when set-up has not run, or its files are missing; the reason why a named kernel is
 *   refused
 */
export async function loadAssets(home: Home, choice: PrepareOptions = {}): Promise<Assets> {
  if (choice.kernel !== undefined) return await loadNamed(home, choice);
  const manifest = await readManifest(home, DEFAULT_MANIFEST);
  if (manifest === undefined || !(await usableKernel(home, manifest.kernel)))
    throw new BoxliteError('setup-needed', `there is no guest kernel in ${home.assets()}`, {
      hint: 'make this home ready',
      remedy: { action: 'setup' },
    });
  if (await usableInitramfs(home, manifest)) return assetsOf(home, manifest);
  return await prepare(home, DEFAULT_MANIFEST, {});
}

/**
 * Makes what is missing: the guest's kernel, unpacked, and its initramfs. Quick if all exists. Several
 * processes may do so at once; each file appears completely or not at all.
 * @throws setup-needed, naming what to do by hand; no-space; permission
 */
export async function prepareAssets(
  home: Home,
  options: PrepareOptions = {},
): Promise<PreparedAssets> {
  return await prepare(home, DEFAULT_MANIFEST, { ...options, refresh: true });
}

/** The manifest's modification time records the last use; see `removeUnusedKernels`. */
async function loadNamed(home: Home, choice: PrepareOptions): Promise<Assets> {
  const name = manifestOf(await sourceKeyOf(choice));
  const assets = await prepare(home, name, choice);
  const path = join(home.assets(), name);
  const now = new Date();
  await utimes(path, now, now).catch((error: unknown) => {
    throw fileError(error, `write ${path}`);
  });
  return assets;
}

interface PrepareRequest extends PrepareOptions {
  /** Prepare a kernel again, if possible, whose modules are not those that this version wants. */
  refresh?: boolean;
}

async function prepare(home: Home, name: string, options: PrepareRequest): Promise<PreparedAssets> {
  const onProgress = options.onProgress ?? (() => undefined);
  makePrivateDirectory(home.assets());
  const before = await readManifest(home, name);

  const kept = before !== undefined && (await isKept(home, before, options)) ? before : undefined;
  const kernel = await chooseKernel(home, kept?.kernel, options, onProgress);
  const keepsKernel = kernel === kept?.kernel;
  const keepsInitramfs =
    before !== undefined && (await usableInitramfs(home, { ...before, kernel }));
  if (!keepsInitramfs) onProgress('writing the initramfs');
  const initramfs = keepsInitramfs ? before.initramfs : await makeInitramfs(home, kernel);

  const manifest: AssetsManifest = { format: 1, kernel, initramfs };
  if (!keepsKernel || !keepsInitramfs) {
    await writeManifest(home, name, manifest);
    await removeUnusedAssets(home);
  }
  return {
    ...assetsOf(home, manifest),
    made: { kernel: !keepsKernel, initramfs: !keepsInitramfs },
  };
}

async function chooseKernel(
  home: Home,
  kept: KernelRecord | undefined,
  options: PrepareRequest,
  onProgress: (message: string) => void,
): Promise<KernelRecord> {
  const make = async (): Promise<KernelRecord> =>
    await sharedKernel(home, await makeKernel(home, options, onProgress, options.signal));
  if (kept === undefined) return await make();
  if (options.refresh !== true || (await hasItsModules(kept, options))) return kept;
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof BoxliteError) || options.signal?.aborted === true) throw error;
    onProgress(`keeping the kernel that is here: ${error.message}`);
    return kept;
  }
}

/** Whether set-up would choose the same modules again: those of the agent, and those that boxes may load. */
async function hasItsModules(kernel: KernelRecord, choice: KernelChoice): Promise<boolean> {
  const isNamed = kernel.sourceKey !== '';
  // The source of its modules may be missing, or belong to another kernel by now.
  if (isNamed && choice.kernel === undefined) return true;
  if (kernel.loadable === undefined) return false;
  return isNamed || kernel.wantedSha256 === (await wantedModulesDigest());
}

/** A kernel that the user named stays until another is named or its files in the home are missing. */
async function isKept(home: Home, before: AssetsManifest, choice: KernelChoice): Promise<boolean> {
  if (choice.kernel !== undefined && before.kernel.sourceKey !== (await sourceKeyOf(choice)))
    return false;
  return await usableKernel(home, before.kernel);
}

/** The assets of a manifest; their files may be missing. */
export function assetsOf(home: Home, { kernel, initramfs }: AssetsManifest): Assets {
  const modules =
    typeof kernel.loadable === 'string'
      ? join(home.assets(), kernel.directory, kernel.loadable)
      : undefined;
  return {
    kernel: join(home.assets(), kernel.directory, 'vmlinux'),
    kernelVersion: kernel.version,
    kernelOrigin: kernel.origin,
    kernelDigest: kernelDigest(kernel),
    modules,
    modulesDisk: modules === undefined ? undefined : `${modules}.erofs`,
    initramfs: join(home.assets(), initramfs.file),
    digest: createHash('sha256').update(`${kernel.sha256} ${initramfs.sha256}`).digest('hex'),
  };
}
