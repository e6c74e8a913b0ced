'use strict';
// Runs when npm has installed the package. What was shipped runs on most machines as it is; here it is
// tried, and what does not run is made anew. In a clone of the repository there is nothing to do.
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { copyFileSync, existsSync, mkdtempSync, readdirSync } = fs;
const { readFileSync, realpathSync, renameSync, rmSync } = fs;
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

/**
 * Shipped for the Node that the package was made with; any other needs one of its own ABI. It is built from the very
 * source that our lock file names, whatever a registry has meanwhile, and none of that package's own scripts is
 * run: they would have a binary downloaded that nobody has a digest of, as root where root installs.
 */
function sqlite() {
  const folder = join(root, 'dist', 'sqlite');
  const wanted = join(folder, `node-${process.versions.modules}-${process.arch}.node`);
  if (existsSync(wanted)) return [];
  const { version, integrity } = JSON.parse(readFileSync(join(folder, 'source.json'), 'utf8'));
  const npm = npmProgram();
  if (npm === undefined)
    return [`SQLite for Node.js ${process.version} is built by npm, which is not here`];
  const place = mkdtempSync(join(tmpdir(), 'boxlite-sqlite-'));
  try {
    const archive = fetch(npm, `better-sqlite3@${version}`, place);
    if (archive === undefined)
      return [
        `better-sqlite3 ${version}, the source of SQLite, could not be downloaded, see above`,
      ];
    if (digestOf(archive) !== integrity)
      return [
        `better-sqlite3 ${version} as it came is not what boxlite was made with; it was not used`,
      ];
    const built = build(npm, archive, place);
    if (built === undefined)
      return [
        `SQLite for Node.js ${process.version} could not be built, see above: install python3, make and g++ ` +
          '(Debian: apt-get install python3 make g++), then boxlite again',
      ];
    copyWhole(built, wanted);
    return [];
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** npm-cli.js: of the npm that installs us, else of the one on PATH. */
function npmProgram() {
  const known = process.env.npm_execpath;
  if (known !== undefined) return known;
  const folder = (process.env.PATH ?? '').split(':').find((each) => existsSync(join(each, 'npm')));
  return folder === undefined ? undefined : realpathSync(join(folder, 'npm'));
}

function fetch(npm, spec, place) {
  const args = ['pack', spec, '--ignore-scripts', '--silent', '--pack-destination', place];
  const { status } = spawnSync(process.execPath, [npm, ...args], {
    cwd: place,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, npm_config_global: 'false', npm_config_location: 'user' },
  });
  const [name] = readdirSync(place).filter((each) => each.endsWith('.tgz'));
  return status === 0 && name !== undefined ? join(place, name) : undefined;
}

/** As lock files have it. */
function digestOf(path) {
  return `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
}

/** By the node-gyp that npm has with it. @returns the path of what was built */
function build(npm, archive, place) {
  const steps = [
    ['tar', ['-xzf', archive, '-C', place]],
    [
      process.execPath,
      [join(npm, '../../node_modules/node-gyp/bin/node-gyp.js'), 'rebuild', '--release'],
    ],
  ];
  const source = join(place, 'package');
  for (const [program, args] of steps) {
    const { status } = spawnSync(program, args, {
      cwd: program === 'tar' ? place : source,
      stdio: 'inherit',
      env: { ...process.env, ...nodeHeaders() },
    });
    if (status !== 0) return undefined;
  }
  const built = join(source, 'build', 'Release', 'better_sqlite3.node');
  return existsSync(built) ? built : undefined;
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
