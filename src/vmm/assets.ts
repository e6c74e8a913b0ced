import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, fileError } from '../errors.js';
import type { Home } from '../home.js';
import { makePrivateDirectory } from '../private-files.js';
import {
  kernelDigest,
  readManifest,
  writeManifest,
  type AssetsManifest,
} from './assets-manifest.js';
import { makeInitramfs, usableInitramfs } from './guest-initramfs.js';
import { makeKernel, sourceKeyOf, usableKernel } from './guest-kernel.js';
import { DEFAULT_MANIFEST, manifestOf, sharedKernel } from './named-kernels.js';
import { removeUnusedAssets } from './unused-assets.js';

/** What every VM boots from. */
export interface Assets {
  /** Path of the uncompressed kernel. */
  kernel: string;
  kernelVersion: string;
  /** Where the kernel was taken from: a package or a path. */
  kernelOrigin: string;
  /** SHA-256 in hex over the kernel and its modules, whatever agent they boot. */
  kernelDigest: string;
  /** Path of the initramfs. */
  initramfs: string;
  /** SHA-256 in hex over both; a template is only good for the ones it was made with. */
  digest: string;
}

/** A kernel named by the user instead of the distribution's. */
export interface KernelChoice {
  /** vmlinuz or vmlinux. */
  kernel?: string;
  /** Its /lib/modules/VERSION; without it all that the guest needs must be built in. */
  modules?: string;
}

export interface PrepareOptions extends KernelChoice {
  /** Told each slow stage as it begins. */
  onProgress?: (message: string) => void;
}

export interface PreparedAssets extends Assets {
  /** What had to be made; both false when everything was in place. */
  made: { kernel: boolean; initramfs: boolean };
}

/**
 * What set-up has made, in about a millisecond: sizes are compared, nothing is hashed. Only when
 * the guest agent has been built anew since then is the initramfs made again.
 * A kernel named here is prepared on its first use and does not change what set-up has chosen.
 * @throws setup-needed when set-up has not been run, or its files are gone; what a named kernel is
 *   refused for
 */
export async function loadAssets(home: Home, choice: PrepareOptions = {}): Promise<Assets> {
  if (choice.kernel !== undefined) return await loadNamed(home, choice);
  const manifest = await readManifest(home, DEFAULT_MANIFEST);
  if (manifest === undefined || !(await usableKernel(home, manifest.kernel)))
    throw new BoxliteError('setup-needed', `there is no guest kernel in ${home.assets()}`, {
      hint: 'run `boxlite setup`',
    });
  if (await usableInitramfs(home, manifest)) return assetsOf(home, manifest);
  return await prepare(home, DEFAULT_MANIFEST, {});
}

/**
 * Makes what is missing: the guest's kernel, unpacked, and its initramfs. Quick when all is there.
 * Several processes may do so at once; each file appears whole or not at all.
 * @throws setup-needed with what to do by hand; no-space; permission
 */
export async function prepareAssets(
  home: Home,
  options: PrepareOptions = {},
): Promise<PreparedAssets> {
  return await prepare(home, DEFAULT_MANIFEST, options);
}

/** Its manifest's time says when it was last wanted; see `removeUnusedKernels`. */
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

async function prepare(home: Home, name: string, options: PrepareOptions): Promise<PreparedAssets> {
  const onProgress = options.onProgress ?? (() => undefined);
  try {
    await makePrivateDirectory(home.assets());
  } catch (error) {
    throw fileError(error, `create ${home.assets()}`);
  }
  const before = await readManifest(home, name);

  const keepsKernel = before !== undefined && (await isKept(home, before, options));
  const kernel = keepsKernel
    ? before.kernel
    : await sharedKernel(home, await makeKernel(home, options, onProgress));
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

/** A kernel that the user named once stays until another is named or its files here are gone. */
async function isKept(home: Home, before: AssetsManifest, choice: KernelChoice): Promise<boolean> {
  if (choice.kernel !== undefined && before.kernel.sourceKey !== (await sourceKeyOf(choice)))
    return false;
  return await usableKernel(home, before.kernel);
}

/** What a manifest stands for; its files may be gone. */
export function assetsOf(home: Home, { kernel, initramfs }: AssetsManifest): Assets {
  return {
    kernel: join(home.assets(), kernel.directory, 'vmlinux'),
    kernelVersion: kernel.version,
    kernelOrigin: kernel.origin,
    kernelDigest: kernelDigest(kernel),
    initramfs: join(home.assets(), initramfs.file),
    digest: createHash('sha256').update(`${kernel.sha256} ${initramfs.sha256}`).digest('hex'),
  };
}
