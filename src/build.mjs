// Bundles the program into dist/: one file start-up code, a chunk for what is loaded on demand.
// Importing the packages unbundled would cost 130 ms at each start, bundled they cost 10.
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = join(root, 'dist');
const entries = {
  cli: 'src/cli/main.ts',
  index: 'src/index.ts',
  bench: 'test/bench/bench.ts',
};

const present = Object.entries(entries).filter(([, path]) => existsSync(join(root, path)));
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(present),
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20.5',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  // Native, so it stays in node_modules.
  external: ['better-sqlite3'],
  minifyWhitespace: true,
  minifySyntax: true,
  // Packages in CommonJS call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  logLevel: 'warning',
  metafile: true,
}).catch(() => process.exit(1)); // esbuild has printed what is wrong

// Chunks are named by content, so those of earlier builds would pile up. They go last: a program
// that is just starting finds its own until the new ones are there.
const made = new Set(Object.keys(metafile.outputs).map((path) => join(root, path)));
const chunks = join(outdir, 'chunks');
for (const name of existsSync(chunks) ? await readdir(chunks) : [])
  if (!made.has(join(chunks, name))) await rm(join(chunks, name));
