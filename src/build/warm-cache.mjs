/**
 * Writes V8's compiled forms of the program's files, with the functions that common commands call and no
 * others: a quarter of all, read in a quarter of the time. Run as `node src/build/warm-cache.mjs DIST`; what it
 * writes is named `….cache.new`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const [dist = ''] = process.argv.slice(2);
const require = createRequire(join(dist, 'cli.cjs'));
const packs = new Map();

const home = mkdtempSync(join(tmpdir(), 'boxlite-build-'));
process.env.BOXLITE_HOME = home;
const vmm = pretendBox();
const commandLines = [
  ['ps', '-a'],
  ['--help'],
  ['run', '--help'],
  ['exec', 'none', 'true'],
  ['ps'],
];

// The program ends each command by leaving the process; here the next one follows.
const leave = process.exit;
/**
 * @param {unknown} _text
 * @param {unknown} [done]
 */
const quiet = (_text, done) => {
  if (typeof done === 'function') done();
  return true;
};
process.stdout.write = quiet;
process.stderr.write = quiet;
process.exit = () => /** @type {never} */ (next());
next();

function next() {
  const words = commandLines.shift();
  if (words === undefined) {
    finish();
    return;
  }
  process.argv = [process.execPath, 'boxlite', ...words];
  load('cli');
}

/**
 * As bin/boxlite does it; of each file one script, which learns all that is called of it.
 * @param {string} name
 */
function load(name) {
  const filename = join(dist, `${name}.cjs`);
  if (!packs.has(name)) {
    const source = readFileSync(filename, 'latin1');
    packs.set(name, { source, script: new Script(source, { filename }) });
  }
  return packs.get(name).script.runInThisContext()(require, filename, dist, load);
}

/** A box that looks as if it ran: this process is its shim, and a child of it the VMM. */
function pretendBox() {
  const boxlite = fileURLToPath(new URL('../../bin/boxlite', import.meta.url));
  const create = ['--', boxlite, 'create', '--rootfs', mkdtempSync(join(home, 'root-')), 'true'];
  const box = execFileSync(process.execPath, create, { encoding: 'latin1' }).trim();
  const vmm = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const started = {
    at: new Date().toISOString(),
    shimPid: process.pid,
    shimStartTicks: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    vmmPid: vmm.pid,
  };
  writeFileSync(join(home, 'boxes', box, 'started.json'), JSON.stringify(started));
  return vmm;
}

function finish() {
  vmm.kill();
  for (const [name, { source, script }] of packs) {
    const head = Buffer.from(source.slice(0, source.indexOf('\n')), 'latin1');
    const cache = Buffer.concat([head, script.createCachedData()]);
    writeFileSync(join(dist, `${name}.cache.new`), cache);
  }
  rmSync(home, { recursive: true, force: true });
  leave.call(process, 0);
}
