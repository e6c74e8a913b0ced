import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { compressionOf, decompress } from './decompress.js';
import { elfSection } from './elf.js';

export interface WantedModule {
  name: string;
  /** Silently omitted if the kernel has it neither as a module nor built in. */
  optional: boolean;
}

export interface LoadableModule {
  /** As in the module's own `name=`, with underscores. */
  name: string;
  /** The module itself, decompressed. */
  data: Buffer;
}

/** Reads the format of native/kernel/modules: one name per line, `?` before optional ones, `#` comments. */
export function parseWantedModules(text: string): WantedModule[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ name: line.replace(/^\?/, ''), optional: line.startsWith('?') }));
}

/**
 * The wanted modules and all they depend on, in a valid load order. Dependencies come from the modules
 * themselves: a kernel package that was only unpacked has no modules.dep, which depmod writes at
 * installation.
 * @param directory /lib/modules/VERSION of the kernel
 * @throws setup-needed naming the first module that is missing
 */
export async function orderModules(
  directory: string,
  wanted: readonly WantedModule[],
): Promise<LoadableModule[]> {
  const builtin = await builtinModules(directory);
  const files = await moduleFiles(directory);
  const ordered = new Map<string, LoadableModule>();
  const visiting = new Set<string>();

  async function visit(name: string, neededBy?: string): Promise<void> {
    if (ordered.has(name) || builtin.has(name) || visiting.has(name)) return;
    const path = files.get(name);
    if (path === undefined) throw missing(name, directory, neededBy);
    visiting.add(name);
    const data = await readModule(path);
    for (const dependency of dependenciesOf(data)) await visit(dependency, name);
    ordered.set(name, { name, data });
  }

  for (const { name, optional } of wanted) {
    const canonical = moduleName(name);
    if (optional && !files.has(canonical)) continue;
    await visit(canonical);
  }
  return [...ordered.values()];
}

/** Names of the modules built into the kernel. */
export async function builtinModules(directory: string): Promise<Set<string>> {
  const path = join(directory, 'modules.builtin');
  try {
    const text = await readFile(path, 'utf8');
    return new Set(text.split('\n').map(moduleName));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Set();
    throw fileError(error, `read ${path}`);
  }
}

/** Paths of a kernel's modules, by name. */
export async function moduleFiles(directory: string): Promise<Map<string, string>> {
  const root = join(directory, 'kernel');
  const files = new Map<string, string>();
  try {
    for (const path of await readdir(root, { recursive: true }))
      if (/\.ko(\.(gz|xz|zst))?$/.test(path)) files.set(moduleName(path), join(root, path));
  } catch (error) {
    // A kernel with everything built in has the list, but no such directory.
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `read ${root}`);
  }
  return files;
}

/** A decompressed module, ready to load. */
export async function readModule(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError(error, `read ${path}`);
  });
  const kind = compressionOf(bytes);
  return kind === undefined ? bytes : await decompress(bytes, kind, path);
}

/**
 * A module's metadata: the values of a key, such as `depends=a,b`, among the NUL-separated strings of
 * .modinfo.
 */
export function moduleInfo(module: Buffer): (key: string) => string[] {
  const info = elfSection(module, '.modinfo')?.toString('latin1').split('\0') ?? [];
  return (key) =>
    info.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
}

function dependenciesOf(module: Buffer): string[] {
  const [depends = ''] = moduleInfo(module)('depends');
  return depends.split(',').filter(Boolean).map(moduleName);
}

/** `kernel/fs/ext4/ext4.ko.xz` → `ext4`. The kernel treats `-` and `_` in module names as equal. */
export function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
}

function missing(name: string, directory: string, neededBy: string | undefined): BoxliteError {
  const who = neededBy === undefined ? '' : `, which ${neededBy} needs,`;
  return new BoxliteError(
    'setup-needed',
    `the kernel module ${name}${who} is not in ${directory}`,
    {
      hint: "use a distribution's generic kernel: its cloud and minimal flavours leave modules out",
    },
  );
}
