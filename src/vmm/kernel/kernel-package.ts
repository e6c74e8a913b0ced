import { access, constants, mkdir, readdir } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { BoxliteError } from '../../errors.js';
import { dependencies, downloadPackages, hasApt, unknownPackage } from './apt.js';

/** The source of a kernel. */
export interface KernelSource {
  /** vmlinuz, vmlinux or Image. */
  image: string;
  /** Its /lib/modules/VERSION; undefined: all it needs is built in. */
  modules: string | undefined;
  /** For display: the package or path that it comes from. */
  origin: string;
}

/** Meta-packages of the generic kernel: Debian's, then Ubuntu's. */
const META_PACKAGES = [
  process.arch === 'arm64' ? 'linux-image-arm64' : 'linux-image-amd64',
  'linux-image-generic',
];
const KERNEL_PART = /^linux-(image|modules|modules-extra)-/;

/**
 * Finds a kernel for the guest: the distribution's package, downloaded and unpacked but not installed; on
 * systems without apt the host's own kernel, if it is readable.
 * @param directory empty; the files stay there
 * @throws setup-needed, naming what to do by hand
 */
export async function findKernel(
  directory: string,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<KernelSource> {
  return (await hasApt()) ? await fromPackage(directory, onProgress, signal) : await hostKernel();
}

async function fromPackage(
  directory: string,
  onProgress: (message: string) => void,
  signal: AbortSignal | undefined,
): Promise<KernelSource> {
  const packages = await kernelPackages();
  const origin = packages.join(', ');
  onProgress(`downloading ${origin} (about 70 MB)`);
  const downloads = join(directory, 'downloads');
  const root = join(directory, 'root');
  await mkdir(downloads);
  await mkdir(root);
  await downloadPackages(packages, downloads, root, signal);
  const image = await onlyEntry(join(root, 'boot'), /^vmlinu[xz]-/);
  // With merged / and /usr, packages put the modules in /usr/lib.
  const modules =
    (await onlyEntry(join(root, 'lib', 'modules'), /./)) ??
    (await onlyEntry(join(root, 'usr', 'lib', 'modules'), /./));
  if (image === undefined || modules === undefined)
    throw new BoxliteError('setup-needed', `${origin} holds no kernel with modules`, {
      ...BY_HAND,
    });
  return { image, modules, origin };
}

/** The real packages behind the meta-package; Ubuntu separates image and modules. */
async function kernelPackages(): Promise<string[]> {
  for (const meta of META_PACKAGES) {
    const depends = await dependencies(meta);
    if (depends !== undefined)
      return await expand(depends.filter((name) => KERNEL_PART.test(name)));
  }
  throw unknownPackage(META_PACKAGES);
}

async function expand(names: readonly string[]): Promise<string[]> {
  const all = new Set(names);
  // The loop also visits names added during it.
  for (const name of all)
    for (const dependency of (await dependencies(name)) ?? [])
      if (KERNEL_PART.test(dependency)) all.add(dependency);
  return [...all];
}

async function hostKernel(): Promise<KernelSource> {
  const version = release();
  const modules = join('/lib/modules', version);
  const images = [join(modules, 'vmlinuz'), join('/boot', `vmlinuz-${version}`)];
  for (const image of images)
    if ((await readable(image)) && (await readable(modules)))
      return { image, modules, origin: image };
  throw new BoxliteError(
    'setup-needed',
    `no guest kernel: this system has no apt, and ${images.join(' and ')} can't be read`,
    BY_HAND,
  );
}

const BY_HAND = {
  hint: 'name a kernel and its modules',
  remedy: { action: 'name-kernel' },
} as const;

async function onlyEntry(directory: string, pattern: RegExp): Promise<string | undefined> {
  const names = await readdir(directory).catch(() => []);
  const found = names.filter((name) => pattern.test(name)).sort();
  const last = found.at(-1);
  return last === undefined ? undefined : join(directory, last);
}

async function readable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
