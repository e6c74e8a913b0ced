'use strict';
// Runs when npm has installed the package. What was shipped runs on most machines as it is; here it is
// tried, and what does not run is made anew. In a clone of the repository there is nothing to do.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync } = fs;
const { readFileSync, renameSync, rmSync, writeFileSync } = fs;
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const root = join(__dirname, '..');
if (!existsSync(join(root, 'src'))) main();

function main() {
  const faults = [...nativePrograms(), ...sqlite()];
  for (const fault of faults) process.stderr.write(`boxlite: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}

/** Static programs; only another processor or a C library that is none of ours needs its own. */
function nativePrograms() {
  const build = join(root, 'native', 'build');
  const shim = join(build, 'boxlite-shim');
  const runs = () => spawnSync(shim, ['--tsc-khz'], { timeout: 10_000 }).status === 0;
  if (runs()) return [];
  const missing = ['gcc', 'make'].filter((tool) => !onPath(tool));
  if (missing.length > 0)
    return [
      `its native programs do not run here, and ${missing.join(' and ')} to build them is missing. ` +
        'Install gcc, make and the static C library (Debian: apt-get install gcc make libc6-dev ' +
        'linux-libc-dev), then install boxlite again',
    ];
  rmSync(build, { recursive: true, force: true });
  const made = spawnSync('make', ['-s', '-C', join(root, 'native')], { stdio: 'inherit' });
  if (made.status !== 0 || !runs()) return ['its native programs could not be built, see above'];
  // What they were linked from.
  for (const entry of readdirSync(build, { withFileTypes: true }))
    if (entry.isDirectory()) rmSync(join(build, entry.name), { recursive: true });
  return [];
}

/** Shipped for the Node that the package was made with; any other needs one of its own ABI. */
function sqlite() {
  const name = `node-${process.versions.modules}-${process.arch}.node`;
  const wanted = join(root, 'dist', 'sqlite', name);
  if (existsSync(wanted)) return [];
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const spec = `better-sqlite3@${devDependencies['better-sqlite3']}`;
  const place = mkdtempSync(join(tmpdir(), 'boxlite-sqlite-'));
  try {
    writeFileSync(join(place, 'package.json'), '{ "allowScripts": { "better-sqlite3": true } }');
    const npm = process.env.npm_execpath;
    const [program, ...before] = npm === undefined ? ['npm'] : [process.execPath, npm];
    const args = ['install', '--prefix', place, '--no-save', '--no-audit', '--no-fund', spec];
    const { status } = spawnSync(program, [...before, ...args], {
      stdio: 'inherit',
      env: {
        ...process.env,
        ...nodeHeaders(),
        npm_config_global: 'false',
        npm_config_location: 'user',
      },
    });
    const built = join(place, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
    if (status !== 0 || !existsSync(built))
      return [
        `SQLite for Node.js ${process.version} could neither be downloaded nor built, see above. Where ` +
          'github.com can not be reached it is built: install python3, make and g++ (Debian: apt-get ' +
          'install python3 make g++), then boxlite again',
      ];
    mkdirSync(join(root, 'dist', 'sqlite'), { recursive: true });
    copyWhole(built, wanted);
    return [];
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** To compile with those that came with Node needs no download. */
function nodeHeaders() {
  const prefix = resolve(process.execPath, '../..');
  return existsSync(join(prefix, 'include', 'node', 'node.h'))
    ? { npm_config_nodedir: prefix }
    : {};
}

function copyWhole(from, to) {
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

function onPath(tool) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, tool)));
}
