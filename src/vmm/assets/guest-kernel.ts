import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../abort.js';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { absolutePath, makeDirectories } from '../../host/host-path.js';
import { projectRoot } from '../../host/native-programs.js';
import { extractKernel, kernelVersion } from '../kernel/kernel-image.js';
import { findKernel, type KernelSource } from '../kernel/kernel-package.js';
import { orderModules, parseWantedModules } from '../kernel/module-order.js';
import { loadableModules, writeModuleTree } from '../kernel/module-tree.js';
import type { KernelChoice } from './assets.js';
import type { KernelRecord } from './assets-manifest.js';
import { hasSize } from './has-size.js';
import { TEMPORARY_PREFIX } from './unused-assets.js';

/** Subdirectory of a kernel's directory; modules/list names the modules in load order, one per line. */
export const MODULES = 'modules';
export const MODULE_LIST = 'list';
/** The modules that a box may have at /lib/modules. */
const LOADABLE = 'lib-modules';

/**
 * Finds a kernel, extracts it, the modules that the agent loads and those that boxes may load, and stores all
 * in the home's assets. This needs a few hundred MB temporarily; 70 MB stay.
 */
export async function makeKernel(
  home: Home,
  choice: KernelChoice,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<KernelRecord> {
  const work = await mkdtemp(join(home.assets(), TEMPORARY_PREFIX)).catch((error: unknown) => {
    throw fileError(error, `write to ${home.assets()}`);
  });
  try {
    const source = named(choice) ?? (await findKernel(work, onProgress, signal));
    throwIfAborted(signal, 'the preparation of a kernel');
    onProgress(`extracting the kernel of ${source.origin}`);
    const made = join(work, 'kernel');
    const kernel = await extractKernel(await readSource(source.image), source.image);
    makeDirectories(join(made, MODULES), 0o777);
    await writeFile(join(made, 'vmlinux'), kernel, { flush: true });
    const modulesSha256 = await copyModules(source, join(made, MODULES));

    const sha256 = createHash('sha256').update(kernel).digest('hex');
    const version = kernelVersion(kernel, source.image);
    const loadable = await writeLoadable(source, made, version);
    const directory = `kernel-${version}-${work.slice(-6)}`;
    await rename(made, join(home.assets(), directory));
    return {
      directory,
      bytes: kernel.length,
      sha256,
      modulesSha256,
      loadable,
      wantedSha256: await wantedModulesDigest(),
      version,
      origin: source.origin,
      sourceKey: choice.kernel === undefined ? '' : await sourceKeyOf(choice),
    };
  } catch (error) {
    throw errnoOf(error) === undefined ? error : fileError(error, `write to ${home.assets()}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export async function usableKernel(home: Home, kernel: KernelRecord): Promise<boolean> {
  return await hasSize(join(home.assets(), kernel.directory, 'vmlinux'), kernel.bytes);
}

/** Changes when another file is named, or the named file is replaced. */
export async function sourceKeyOf(choice: KernelChoice): Promise<string> {
  const key = [];
  for (const path of [choice.kernel, choice.modules]) {
    if (path === undefined) continue;
    const { size, mtimeMs } = await statSource(path);
    key.push(absolutePath(path), size, mtimeMs);
  }
  return key.join(' ');
}

function named({ kernel, modules }: KernelChoice): KernelSource | undefined {
  return kernel === undefined
    ? undefined
    : { image: kernel, modules, origin: absolutePath(kernel) };
}

/** @returns a digest of the copied modules and their order */
async function copyModules(source: KernelSource, target: string): Promise<string> {
  const modules = source.modules === undefined ? [] : await wantedModules(source.modules);
  const digest = createHash('sha256');
  for (const { name, data } of modules) {
    await writeFile(join(target, `${name}.ko`), data);
    digest.update(`${name} ${data.length}\n`).update(data);
  }
  await writeFile(join(target, MODULE_LIST), modules.map(({ name }) => `${name}\n`).join(''));
  return digest.digest('hex');
}

async function wantedModules(directory: string): ReturnType<typeof orderModules> {
  await statSource(directory);
  return await orderModules(
    directory,
    parseWantedModules(await readFile(join(moduleLists(), 'modules'), 'utf8')),
  );
}

/** A digest over both lists: differs between versions that want different modules. */
export async function wantedModulesDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const list of ['modules', 'loadable'])
    hash.update(await readFile(join(moduleLists(), list)));
  return hash.digest('hex');
}

function moduleLists(): string {
  return join(projectRoot(), 'native', 'kernel');
}

async function writeLoadable(
  { modules }: KernelSource,
  target: string,
  version: string,
): Promise<string | null> {
  if (modules === undefined) return null;
  const wanted = await loadableModules(moduleLists());
  await writeModuleTree(modules, join(target, LOADABLE, version), wanted);
  return LOADABLE;
}

async function readSource(path: string): Promise<Buffer> {
  await statSource(path);
  return await readFile(path).catch((error: unknown) => {
    throw fileError(error, `read ${path}`);
  });
}

async function statSource(path: string): ReturnType<typeof stat> {
  return await stat(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR')
      throw new BoxliteError('setup-needed', `${path} does not exist`, {
        cause: error,
        hint: 'name the kernel with --kernel and its /lib/modules/VERSION with --modules',
      });
    throw fileError(error, `read ${path}`);
  });
}
