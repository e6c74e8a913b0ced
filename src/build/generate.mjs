/**
 * Writes the files that are made from the sources and checked in; `--check` compares instead and
 * fails, naming each file that differs.
 *
 * A generator is a function that gives the files it is responsible for: `{ files, folders }`, where
 * `files` maps a path to its contents and `folders` are those that hold nothing else, so that a file
 * which is no longer made is noticed.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { newestDate } from './changelog.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

// The manual shows the version, so that comes first.
const generators = [protocol, version, commands, completions, manual];

const check = process.argv.includes('--check');
/** @type {string[]} */
const faults = [];
for (const generator of generators) {
  const { files, folders } = await generator();
  for (const [path, contents] of files) await settle(path, Buffer.from(contents));
  for (const folder of folders) await settleFolder(folder, files);
}
if (faults.length > 0) {
  for (const fault of faults) console.error(fault);
  console.error('Run `node src/build/generate.mjs` and commit what it writes.');
  process.exitCode = 1;
}

/** The wire's C header and its golden messages. */
async function protocol() {
  const { protocolHeader } = await load('src/build/protocol-header.ts');
  const { vectors, vectorIndex } = await load('src/build/vectors.ts');
  const folder = 'native/protocol/vectors';
  const all = vectors();
  const files = new Map([
    ['native/protocol/protocol.h', protocolHeader()],
    [`${folder}/index.json`, vectorIndex(all)],
  ]);
  for (const { name, bytes } of all) files.set(`${folder}/${name}.bin`, bytes);
  return { files, folders: [folder] };
}

/** The commands' index, which loads none of them; the generators below read it. */
async function commands() {
  const folder = 'src/cli/commands';
  const paths = (await readdir(join(root, folder), { recursive: true }))
    .filter((path) => path.includes('/') && path.endsWith('.ts'))
    .map((path) => path.slice(0, -'.ts'.length));
  const modules = paths.map((path) => `export * as ${nameOf(path)} from './${folder}/${path}.ts';`);
  const [{ indexSource }, loaded] = await Promise.all([
    load(`${folder}/index-source.ts`),
    loadText(modules.join('\n')),
  ]);
  const text = indexSource(Object.fromEntries(paths.map((path) => [path, loaded[nameOf(path)]])));
  return { files: new Map([[`${folder}/index.ts`, text]]), folders: [] };
}

/**
 * A name in JavaScript for a path.
 * @param {string} path
 */
function nameOf(path) {
  return path.replaceAll(/\W/g, '_');
}

/** The program's own word for package.json's version, so that `--version` reads no file. */
async function version() {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const text = `/** The version in package.json, from which \`node src/build/generate.mjs\` writes this. */
export const VERSION = '${version}';
`;
  return { files: new Map([['src/cli/help/version.ts', text]]), folders: [] };
}

/** What the shells load to complete command lines. */
async function completions() {
  const { SCRIPTS, SCRIPT_FILES } = await load('src/cli/completion/scripts.ts');
  const files = new Map(
    Object.entries(SCRIPTS).map(([shell, script]) => [
      `completions/${shell}/${SCRIPT_FILES[shell]}`,
      script,
    ]),
  );
  return { files, folders: ['completions/bash', 'completions/zsh', 'completions/fish'] };
}

/** The manual pages; package.json lists them for npm, so that list is checked as well. */
async function manual() {
  const { manualPages } = await load('src/cli/man/pages.ts');
  const date = newestDate(await readFile(join(root, 'CHANGELOG.md'), 'utf8'));
  const pages = [...(await manualPages(date))].sort(([a], [b]) => (a < b ? -1 : 1));
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  manifest.man = pages.map(([name]) => `./man/${name}`);
  const files = new Map(pages.map(([name, text]) => [`man/${name}`, text]));
  files.set('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
  return { files, folders: ['man'] };
}

/**
 * Imports a TypeScript module.
 * @param {string} path
 */
function load(path) {
  return loadText(`export * from './${path}';`);
}

/**
 * Imports a module's text: bundled into a temporary file beside the sources, where packages resolve.
 * @param {string} contents
 */
async function loadText(contents) {
  const folder = await mkdtemp(join(root, 'node_modules', '.generate-'));
  try {
    const outfile = join(folder, 'module.mjs');
    await build({
      stdin: { contents, resolveDir: root },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} path
 * @param {Buffer} contents
 */
async function settle(path, contents) {
  const current = await readFile(join(root, path)).catch(() => undefined);
  if (current?.equals(contents)) return;
  if (check) {
    faults.push(`${path} ${current ? 'is not what the sources say' : 'is missing'}`);
    return;
  }
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), contents);
  console.log(`wrote ${path}`);
}

/**
 * @param {string} folder
 * @param {ReadonlyMap<string, unknown>} files
 */
async function settleFolder(folder, files) {
  for (const name of await readdir(join(root, folder)).catch(() => [])) {
    const path = `${folder}/${name}`;
    if (files.has(path)) continue;
    if (check) faults.push(`${path} is no longer generated`);
    else await rm(join(root, path));
  }
}
