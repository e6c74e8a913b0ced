/**
 * A subset of a kernel's modules as a directory for modprobe: /lib/modules/VERSION of a box that may load
 * some. The package has no indexes, which depmod writes at installation.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { makeDirectories } from '../../host/host-path.js';
import { type IndexEntry, moduleIndex } from './module-index.js';
import { builtinModules, moduleFiles, moduleInfo, moduleName, readModule } from './module-order.js';

/** Reads the format of native/kernel/loadable: one path below kernel/ per line, `#` comments. */
export function parseLoadable(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

interface TreeModule {
  /** Relative to the tree, as in modules.dep. */
  path: string;
  /** Names of modules that must be loaded before it, from its own metadata. */
  depends: string[];
  aliases: string[];
  /** `pre: a b post: c` */
  softDependencies: string[];
}

/**
 * @param directory /lib/modules/VERSION of the kernel
 * @param target directory to create, with all that modprobe needs
 * @param wanted lines of `parseLoadable`, or names of modules
 */
export async function writeModuleTree(
  directory: string,
  target: string,
  wanted: readonly string[],
): Promise<void> {
  const builtin = await builtinModules(directory);
  const files = await moduleFiles(directory);
  const modules = new Map<string, TreeModule>();
  const take = async (name: string): Promise<void> => {
    const file = files.get(name);
    if (file === undefined || modules.has(name)) return;
    const data = await readModule(file);
    const path = relative(directory, file).replace(/\.ko\.\w+$/, '.ko');
    const info = moduleInfo(data);
    const depends = info('depends').flatMap((list) => list.split(',').filter(Boolean));
    modules.set(name, {
      path,
      depends: depends.map(moduleName),
      aliases: info('alias'),
      softDependencies: info('softdep'),
    });
    makeDirectories(dirname(join(target, path)), 0o777);
    await writeFile(join(target, path), data);
    for (const each of depends) await take(moduleName(each));
  };
  makeDirectories(target, 0o777);
  const kernel = join(directory, 'kernel');
  for (const [name, file] of files)
    if (wanted.some((line) => isNamed(line, name, relative(kernel, file)))) await take(name);
  for (const [name, content] of Object.entries(indexes(modules, builtin)))
    await writeFile(join(target, name), content);
}

function isNamed(wanted: string, name: string, path: string): boolean {
  if (!wanted.includes('/')) return moduleName(wanted) === name;
  return wanted.endsWith('/') ? path.startsWith(wanted) : path.replace(/\.ko.*$/, '') === wanted;
}

/** The texts are for busybox's modprobe, the others for kmod's. */
function indexes(
  modules: ReadonlyMap<string, TreeModule>,
  builtin: ReadonlySet<string>,
): Record<string, string | Buffer> {
  const names = [...modules.keys()].sort();
  const dependencies: IndexEntry[] = [];
  const aliases: IndexEntry[] = [];
  const soft: string[] = [];
  for (const name of names) {
    const module = modules.get(name);
    if (module === undefined) continue;
    const before = allBefore(name, modules).map((each) => ` ${each}`);
    dependencies.push({ key: name, value: `${module.path}:${before.join('')}` });
    for (const alias of module.aliases) aliases.push({ key: alias, value: name });
    for (const each of module.softDependencies) soft.push(`softdep ${name} ${each}`);
  }
  return {
    'modules.dep': textOf(dependencies.map(({ value }) => value)),
    'modules.dep.bin': moduleIndex(dependencies),
    'modules.alias': textOf(aliases.map(({ key, value }) => `alias ${key} ${value}`)),
    'modules.alias.bin': moduleIndex(
      aliases.map(({ key, value }) => ({ key: underscores(key), value })),
    ),
    'modules.softdep': textOf(soft),
    'modules.builtin': textOf([...builtin].filter(Boolean).map((name) => `kernel/${name}.ko`)),
    'modules.builtin.bin': moduleIndex(
      [...builtin]
        .filter(Boolean)
        .sort()
        .map((key) => ({ key, value: '' })),
    ),
    'modules.symbols.bin': moduleIndex([]),
  };
}

/** Paths of the modules to load before a module, the last one first, as modprobe expects. */
function allBefore(name: string, modules: ReadonlyMap<string, TreeModule>): string[] {
  const order = new Set<string>();
  const visiting = new Set([name]);
  const visit = (each: string): void => {
    for (const dependency of modules.get(each)?.depends ?? []) {
      if (visiting.has(dependency)) continue;
      visiting.add(dependency);
      visit(dependency);
      order.add(dependency);
    }
  };
  visit(name);
  return [...order].reverse().flatMap((each) => modules.get(each)?.path ?? []);
}

/** kmod treats - and _ in requests as equal, but not between brackets. */
function underscores(alias: string): string {
  return alias.replace(/\[[^\]]*\]|-/g, (part) => (part === '-' ? '_' : part));
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** The value of `wanted` for every kernel: the two lists in native/kernel. */
export async function loadableModules(lists: string): Promise<string[]> {
  const [loadable, loaded] = await Promise.all(
    ['loadable', 'modules'].map((name) => readFile(join(lists, name), 'utf8')),
  );
  return parseLoadable(`${loadable ?? ''}\n${loaded ?? ''}`).map((line) => line.replace(/^\?/, ''));
}
