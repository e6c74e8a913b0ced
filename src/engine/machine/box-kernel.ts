/**
 * A box's own kernel: found and prepared when the box is created, and checked to be the same at each start.
 */
import { realpath, stat } from 'node:fs/promises';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Assets } from '../../vmm/assets/assets.js';
import { removeUnusedKernels } from '../../vmm/assets/named-kernels.js';
import type { BoxKernel, BoxSpec } from '../spec/box-spec.js';
import type { BoxOptions } from '../spec/options.js';
import { specOf } from '../spec/stored-spec.js';
import type { Host } from './host.js';
import { LateCopy } from './volumes/copy-up.js';

/**
 * Finds and prepares the kernel of a new box; undefined for the home's.
 * @throws invalid-argument naming what is missing or not a kernel, and what to give instead
 */
export async function findKernel(
  host: Host,
  options: Pick<BoxOptions, 'kernel' | 'modules'>,
): Promise<BoxKernel | undefined> {
  if (options.kernel === undefined) {
    if (options.modules !== undefined)
      throw new BoxliteError('invalid-argument', 'modules are named without their kernel', {
        hint: 'name the kernel, too: --kernel /path/vmlinuz',
      });
    return undefined;
  }
  const path = await find('kernel', options.kernel);
  const modules =
    options.modules === undefined ? {} : { modules: await find('modules', options.modules) };
  const assets = await host.assetsOfKernel({ kernel: path, ...modules });
  return { path, ...modules, version: assets.kernelVersion, digest: assets.kernelDigest };
}

/**
 * What a box boots from.
 * @param name the box's, for messages
 * @throws setup-needed when its own kernel is missing or has changed since the box was created
 */
export async function assetsOfBox(host: Host, name: string, spec: BoxSpec): Promise<Assets> {
  const { kernel } = spec;
  if (kernel === undefined) return host.assets();
  const { path, modules, digest } = kernel;
  for (const each of [path, modules])
    if (each !== undefined && !(await isThere(each)))
      throw lost(name, `${each} is gone, from which box ${name} has its kernel`, 'put it back');
  const assets = await host
    .assetsOfKernel({ kernel: path, ...(modules !== undefined && { modules }) })
    .catch((error: unknown) => {
      if (isUnfit(error)) throw changed(kernel, name, error);
      throw error;
    });
  if (assets.kernelDigest !== digest) throw changed(kernel, name);
  return assets;
}

/** Adds the box's own kernel, if it has one, to the error of a machine that did not come up. */
export function blamingKernel(name: string, { kernel }: BoxSpec, error: unknown): unknown {
  if (kernel === undefined || !(error instanceof BoxliteError)) return error;
  if (error instanceof LateCopy) return error;
  if (!['boot-failed', 'vmm-failed', 'timeout'].includes(error.code)) return error;
  const { path, modules, version } = kernel;
  const message = `box ${name} did not come up with its kernel ${path}: ${error.message}`;
  return new BoxliteError(error.code, message, {
    cause: error,
    ...(error.stage !== undefined && { stage: error.stage }),
    hint:
      modules === undefined
        ? `if its drivers are modules, name them as well: --modules /lib/modules/${version}`
        : "name a distribution's generic kernel, and the modules of that very version",
  });
}

/** Deletes prepared kernels that no box has used for a while. */
export async function dropUnusedKernels({ home, database }: Host): Promise<void> {
  const needed = new Set<string>();
  for (const { options } of database().boxes.list()) {
    const { kernel } = specOf(options);
    if (kernel !== undefined) needed.add(kernel.digest);
  }
  await removeUnusedKernels(home, needed);
}

const WANTED = {
  kernel: {
    is: 'a regular file',
    hint: 'name a vmlinuz or vmlinux: --kernel /boot/vmlinuz-VERSION',
  },
  modules: {
    is: 'a directory',
    hint: 'name the directory of the modules of that kernel: --modules /lib/modules/VERSION',
  },
} as const;

async function find(what: 'kernel' | 'modules', given: string): Promise<string> {
  const { is, hint } = WANTED[what];
  try {
    const path = await realpath(given);
    const entry = await stat(path);
    if (what === 'kernel' ? entry.isFile() : entry.isDirectory()) return path;
    throw new BoxliteError('invalid-argument', `${what}: ${given} is not ${is}`, { hint });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR')
      throw new BoxliteError('invalid-argument', `${what}: ${given} does not exist`, { hint });
    throw fileError(error, `read ${given}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw fileError(error, `read ${path}`);
  }
}

/** The file at the path is not a kernel now. */
function isUnfit(error: unknown): boolean {
  return (
    error instanceof BoxliteError && ['invalid-argument', 'image-corrupt'].includes(error.code)
  );
}

function changed({ path, modules }: BoxKernel, name: string, cause?: unknown): BoxliteError {
  const what = modules === undefined ? path : `${path} or what is in ${modules}`;
  return lost(
    name,
    `${what} has changed since box ${name} was made with it`,
    'put back what was there',
    cause,
  );
}

function lost(name: string, message: string, cure: string, cause?: unknown): BoxliteError {
  return new BoxliteError('setup-needed', message, {
    cause,
    hint: `${cure}, or create the box again from an image that you make of this one`,
    remedy: { action: 'commit', box: name },
  });
}
