/**
 * Bundles the program as chunks, each a function that runs when it is first required, in three files: what
 * `ps` needs, what the work on boxes needs, and all the rest. A file but the first is read when a chunk of it is first
 * required: each costs by its length, whatever of it is used. The chunks are those
 * that esbuild makes of the dynamic imports for ES modules; for CommonJS it would put all into one scope,
 * where each start makes every function of the program.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { build, transform } from 'esbuild';

/** What `ps` imports at some time; with what these import at once it makes up the first file. */
const FIRST_MODULES = [
  'src/cli/main.ts',
  'src/cli/program.ts',
  'src/cli/parse/split-by-commander.ts',
  'src/cli/process/world.ts',
  'src/cli/commands/reports/ps.ts',
  'src/engine/runtime.ts',
];

/**
 * What `run`, `exec`, `cp` and the like import at some time; with what these import at once it makes up the second
 * file. What they import late must be here: an update may have removed the third file by then.
 */
const WORK_MODULES = [
  ...['create', 'exec', 'rm', 'run', 'start', 'stop'].map(
    (name) => `src/cli/commands/boxes/${name}.ts`,
  ),
  'src/cli/commands/files/cp.ts',
  ...['inspect', 'logs'].map((name) => `src/cli/commands/reports/${name}.ts`),
  ...['exit-status', 'interrupted', 'report-error', 'write-error'].map(
    (name) => `src/cli/process/${name}.ts`,
  ),
  'src/agent/client.ts',
  'src/engine/box.ts',
  ...['create', 'remove', 'restart'].map((name) => `src/engine/lifecycle/${name}.ts`),
  'src/engine/images/images.ts',
  'src/engine/machine/templates/template-maker.ts',
  'src/engine/setup/docker-proxies.ts',
  'src/engine/state/trash.ts',
  'src/engine/volumes/sweep.ts',
  'src/host/native-programs.ts',
  'src/store/reserve.ts',
  'src/vmm/accelerator/accelerator.ts',
  'src/vmm/accelerator/host-processor.ts',
  'src/vmm/assets/assets.ts',
  'src/vmm/template/template.ts',
  'src/vmm/vmm.ts',
];

/**
 * Loaded when one of their exports is first used: they take Node 0.5 to 4 ms each, and a module that
 * imports one does not always need it. None may be extended by a class of a module's own.
 */
const LAZY_MODULES = [
  'child_process',
  'crypto',
  'dns/promises',
  'fs/promises',
  'http',
  'https',
  'net',
  'os',
  'readline',
  'readline/promises',
  'stream/promises',
  'timers/promises',
  'tls',
  'zlib',
];

/**
 * @param {Readonly<import('esbuild').BuildOptions>} common
 * @returns {Promise<{ name: string, body: string }[]>} the files, each the body of a function of `require`,
 *   `__filename`, `__dirname` and `load`, which does the same with the file of a name; the first file comes
 *   last, and starts the program
 */
export async function packProgram(common) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { cli: 'src/cli/main.ts' },
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    define: { 'import.meta.url': '__url' },
    write: false,
    metafile: true,
  });
  // A module that has exports and a default import makes esbuild put all of them there.
  const { helpers } = await commonJsOf('import a from "a";export const b=a;');
  /** @param {ReadonlySet<string>} names */
  const packed = async (names) => {
    const files = outputFiles.filter(({ path }) => names.has(basename(path)));
    const chunks = await Promise.all(files.map((file) => asCommonJs(file, helpers)));
    return `{${chunks.join(',')}\n}`;
  };
  const prologue = `${helpers}const __url=require("node:url").pathToFileURL(__filename).href;`;
  const first = chunksOf(FIRST_MODULES, metafile.outputs);
  const work = new Set(chunksOf(WORK_MODULES, metafile.outputs));
  for (const name of first) work.delete(name);
  const rest = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of [...first, ...work]) rest.delete(name);

  const others = [];
  for (const names of [work, rest]) {
    const chunks = await packed(names);
    // Named by its content: a program that has just been started while it is built anew finds its own.
    const name = `rest-${createHash('sha256').update(chunks).digest('hex').slice(0, 8)}`;
    others.push({ name, body: `${prologue}return ${chunks};` });
  }
  const [workFile, restFile] = others.map(({ name }) => name);
  const fileOf = `(name)=>${JSON.stringify([...work])}.includes(name.slice(2))?"${workFile}":"${restFile}"`;
  const parts = [await packed(first), fileOf, 'load', 'require', JSON.stringify(LAZY_MODULES)];
  return [
    ...others,
    { name: 'cli', body: `${prologue}(${requireFrom})(${parts.join(',')})("./cli.js");` },
  ];
}

/**
 * @param {readonly string[]} modules
 * @param {import('esbuild').Metafile['outputs']} outputs
 * @returns {ReadonlySet<string>} names of the chunks with these modules, and of all that these import other
 *   than on demand
 */
function chunksOf(modules, outputs) {
  /** @type {Set<string>} */
  const chunks = new Set();
  /** @param {string} path */
  const add = (path) => {
    if (chunks.has(basename(path))) return;
    chunks.add(basename(path));
    for (const { path: imported, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && imported in outputs) add(imported);
  };
  for (const module of modules) {
    const found = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === module);
    if (found === undefined) throw new Error(`${module} is not imported on demand any more`);
    add(found);
  }
  return chunks;
}

/**
 * @param {import('esbuild').OutputFile} chunk
 * @param {string} shared helpers of all chunks
 */
async function asCommonJs({ path, text }, shared) {
  const { helpers, body } = await commonJsOf(text);
  for (const [, name] of helpers.matchAll(/\bvar (__\w+)=/g))
    if (!shared.includes(`${name}=`)) throw new Error(`${path} needs ${name}, which is not shared`);
  return `\n${JSON.stringify(`./${basename(path)}`)}(module,exports,require){${body}}`;
}

/**
 * A chunk, and the functions that esbuild puts before it: one set for all is read and made faster.
 * @param {string} text
 */
async function commonJsOf(text) {
  const { code } = await transform(text, {
    format: 'cjs',
    target: 'node20.5',
    // A packed chunk is found by require alone.
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
  });
  const begin = Math.max(code.indexOf('var stdin_exports={};'), 0);
  return { helpers: code.slice(0, begin), body: code.slice(begin) };
}

/**
 * Stands in the program, as text: what its chunks have for `require`.
 * @typedef {{ exports: object }} Module
 * @typedef {Record<string, (module: Module, exports: object, require: Require) => void>} Chunks
 * @typedef {(name: string) => object} Require
 * @param {Chunks} firstChunks
 * @param {(name: string) => string} fileOf the file of a chunk that is not among these
 * @param {(file: string) => Chunks} load
 * @param {Require} outside
 * @param {readonly string[]} lazyModules
 */
function requireFrom(firstChunks, fileOf, load, outside, lazyModules) {
  /** @type {Map<string, Chunks>} */
  const files = new Map();
  const loaded = new Map();
  const lazy = new Map();
  for (const name of lazyModules) lazy.set(name, undefined).set(`node:${name}`, undefined);

  /** @type {Require} */
  const packed = (name) => {
    const before = loaded.get(name);
    if (before !== undefined) return before.exports;
    if (!name.startsWith('./')) return lazy.has(name) ? deferred(name) : outside(name);
    const chunk = firstChunks[name] ?? chunksIn(fileOf(name))[name];
    if (chunk === undefined) throw new Error(`the program has no chunk ${name}`);
    const module = { exports: {} };
    loaded.set(name, module);
    try {
      chunk(module, module.exports, packed);
    } catch (error) {
      loaded.delete(name);
      throw error;
    }
    return module.exports;
  };

  /** @param {string} file */
  const chunksIn = (file) => {
    const chunks = files.get(file) ?? load(file);
    files.set(file, chunks);
    return chunks;
  };

  /** @type {Require} */
  const deferred = (name) => {
    const known = lazy.get(name);
    if (known !== undefined) return known;
    let real;
    const module = () => (real ??= outside(name));
    const stand = new Proxy(
      {},
      {
        get: (_, key) => module()[key],
        has: (_, key) => key in module(),
        ownKeys: () => Reflect.ownKeys(module()),
        // A proxy may not call fixed what its own target lacks.
        getOwnPropertyDescriptor: (_, key) => {
          const found = Reflect.getOwnPropertyDescriptor(module(), key);
          return found && { ...found, configurable: true };
        },
      },
    );
    lazy.set(name, stand);
    return stand;
  };
  return packed;
}
