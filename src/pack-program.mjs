/**
 * Bundles the program as one file of chunks, each a function that runs when it is first required. The
 * chunks are those that esbuild makes of the dynamic imports for ES modules; for CommonJS it would put all
 * into one scope, where each start makes every function of the program.
 */
import { basename } from 'node:path';
import { build, transform } from 'esbuild';

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

/** @returns {Promise<string>} the body of a function of `require`, `__filename` and `__dirname` */
export async function packProgram(common) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: { cli: 'src/cli/main.ts' },
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    define: { 'import.meta.url': '__url' },
    write: false,
  });
  const chunks = await Promise.all(outputFiles.map(asCommonJs));
  return (
    `const __url=require("node:url").pathToFileURL(__filename).href,` +
    `__packed=(${requireFrom})({${chunks.join(',')}\n},require,${JSON.stringify(LAZY_MODULES)});` +
    `__packed("./cli.js");`
  );
}

async function asCommonJs({ path, text }) {
  const { code } = await transform(text, {
    format: 'cjs',
    target: 'node20.5',
    // A packed chunk is found by require alone.
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
  });
  return `\n${JSON.stringify(`./${basename(path)}`)}(module,exports,require){${code}}`;
}

/** Stands in the program, as text: what its chunks have for `require`. */
function requireFrom(chunks, outside, lazyModules) {
  const loaded = new Map();
  const lazy = new Map();
  for (const name of lazyModules) lazy.set(name, undefined).set(`node:${name}`, undefined);

  const packed = (name) => {
    const before = loaded.get(name);
    if (before !== undefined) return before.exports;
    const chunk = chunks[name];
    if (chunk === undefined) return lazy.has(name) ? deferred(name) : outside(name);
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

  const deferred = (name) => {
    const known = lazy.get(name);
    if (known !== undefined) return known;
    let real;
    const load = () => (real ??= outside(name));
    const stand = new Proxy(
      {},
      {
        get: (_, key) => load()[key],
        has: (_, key) => key in load(),
        ownKeys: () => Reflect.ownKeys(load()),
        // A proxy may not call fixed what its own target lacks.
        getOwnPropertyDescriptor: (_, key) => {
          const found = Reflect.getOwnPropertyDescriptor(load(), key);
          return found && { ...found, configurable: true };
        },
      },
    );
    lazy.set(name, stand);
    return stand;
  };
  return packed;
}
