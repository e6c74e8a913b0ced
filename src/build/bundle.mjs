// Bundles the program into dist/: importing the packages unbundled would cost 130 ms at each start.
//   cli.cjs, rest-….cjs  what bin/boxlite starts, and two that this loads; each with its compiled form, .cache
//   sqlite/              better-sqlite3's native parts, which are no JavaScript
//   index.js, bench.js   the library and the bench, with a chunk for what is loaded on demand
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { packProgram } from './pack-program.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outdir = join(root, 'dist');

/** @satisfies {import('esbuild').BuildOptions} */
const common = /** @type {const} */ ({
  absWorkingDir: root,
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20.5',
  // What better-sqlite3 finds its native part with; it is told where that is (store/sqlite/sqlite.ts).
  external: ['bindings', '@colors/colors/safe'],
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
});

await mkdir(outdir, { recursive: true });
await Promise.all([buildLibrary(), copySqlite().then(buildProgram)]).catch((error) => {
  if (!Array.isArray(error?.errors)) console.error(error); // esbuild has printed its own
  process.exit(1);
});

async function buildLibrary() {
  const { metafile } = await build({
    ...common,
    entryPoints: { index: 'src/index.ts', bench: 'test/bench/bench.ts' },
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // Packages in CommonJS call require() for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    metafile: true,
  });
  // Chunks are named by content, so those of earlier builds would pile up. They go last: a program
  // that is just starting finds its own until the new ones are there.
  const made = new Set(Object.keys(metafile.outputs).map((path) => join(root, path)));
  const chunks = join(outdir, 'chunks');
  for (const name of existsSync(chunks) ? await readdir(chunks) : [])
    if (!made.has(join(chunks, name))) await rm(join(chunks, name));
}

/**
 * The native parts of both releases of better-sqlite3 that store/sqlite/sqlite.ts chooses from. The one for Node.js 20 is there
 * only when Node.js 20 has compiled it; a later build by another Node.js leaves it as it is.
 */
async function copySqlite() {
  const modules = join(root, 'node_modules');
  const folder = join(outdir, 'sqlite');
  const { getPrebuildPath } = createRequire(import.meta.url)(
    join(modules, 'better-sqlite3/lib/binding.js'),
  );
  const parts = { [`node-api-10-${process.arch}.node`]: getPrebuildPath() };
  const ofNode20 = `node-115-${process.arch}.node`;
  if (process.versions.modules === '115')
    parts[ofNode20] = join(modules, 'better-sqlite3-node20/build/Release/better_sqlite3.node');
  await mkdir(folder, { recursive: true });
  for (const [name, from] of Object.entries(parts)) {
    await copyFile(from, join(folder, `${name}.new`));
    await rename(join(folder, `${name}.new`), join(folder, name));
  }
  const known = [...Object.keys(parts), ofNode20];
  for (const name of await readdir(folder)) if (!known.includes(name)) await rm(join(folder, name));
}

/** Three files, wrapped as bin/boxlite calls them. */
async function buildProgram() {
  const packs = await packProgram(common);
  for (const { name, body } of packs) {
    if (!/^[\0-\x7f]*$/.test(body))
      throw new Error('the bundle is not ASCII, as bin/boxlite takes it to be');
    const wrapped = `(function(require,__filename,__dirname,load){${body}\n})`;
    await writeWhole(join(outdir, `${name}.cjs`), `${headOf(wrapped)}\n${wrapped}`);
  }
  const names = packs.map(({ name }) => name);
  await compile(names);
  await removeOtherPacks(names);
}

/**
 * @param {string} wrapped
 * @returns {string} a comment that tells which compiled form belongs to it; of a length that leaves that one aligned
 */
function headOf(wrapped) {
  return `//${createHash('sha256').update(wrapped).digest('hex').slice(0, 62)}`;
}

/**
 * In a process of its own, since it runs the program.
 * @param {readonly string[]} names
 */
async function compile(names) {
  const script = join(root, 'src/build/warm-cache.mjs');
  await promisify(execFile)(process.execPath, [script, outdir], { timeout: 60_000 });
  for (const name of names)
    await rename(join(outdir, `${name}.cache.new`), join(outdir, `${name}.cache`));
}

/** @param {readonly string[]} names */
async function removeOtherPacks(names) {
  for (const file of await readdir(outdir)) {
    const name = /^(rest-.*)\.(?:cjs|cache)$/.exec(file)?.[1];
    if (name !== undefined && !names.includes(name)) await rm(join(outdir, file));
  }
}

/**
 * @param {string} path
 * @param {string} content
 */
async function writeWhole(path, content) {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
