/**
 * Checks BoxLite with KVM: this machine's own where it works and root asks, else a nested one (nest.ts).
 * Arguments choose cases by a part of their titles; --shell gives a shell in the nest instead.
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findStore } from './emulated-vmrun.js';
import { consoleLog, debianKernel, kvmBoots, runNest } from './nest.js';
import type { SiteOptions } from './site.js';

/** A second there takes ten here, or many more on a busy machine; a case says nothing before its end. */
const SILENCE_MS = 3_600_000;

const SUMMARY = /^\d+ passed, (\d+) failed, \d+ left out$/;

const root = process.cwd();
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'boxlite-test', 'kvm');
const wanted = process.argv.slice(2);

await mkdir(cache, { recursive: true });
const kernel = await debianKernel(cache);
const here = process.getuid?.() === 0 && (await kvmBoots(cache, kernel));
process.exitCode = await (here ? runHere() : runNested());

/** Everything is made anew: on a real machine that takes seconds. */
async function runHere(): Promise<number> {
  console.log('KVM is this machine’s own');
  const work = await mkdtemp(join(tmpdir(), 'boxlite-kvm-'));
  const seed = join(work, 'seed');
  try {
    await setUp(seed);
    const options = {
      env: siteEnv({ program: root, seed, work, ticksTwice: false }),
      stdio: 'inherit',
      reject: false,
    } as const;
    return (await execa('node', [join(cache, 'inside.mjs'), ...wanted], options)).exitCode ?? 1;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runNested(): Promise<number> {
  console.log('KVM is nested in an emulated machine, whose seconds are those of a real one');
  const seed = join(cache, 'home');
  await setUp(seed);
  // Archives, since 9p does not tell the holes of sparse files, and one of them is of a terabyte.
  await pack(root, 'program.tar', ['bin', 'dist', 'package.json', 'native/build', 'native/kernel']);
  await pack(seed, 'home.tar', ['--exclude=./templates', '--exclude=./blanks', '.']);
  const { stdout: qemu } = await execa('sh', ['-c', 'realpath "$(command -v qemu-system-x86_64)"']);
  let failed: string | undefined;
  await runNest(cache, kernel, {
    job: nestJob(
      findStore(qemu) === undefined,
      wanted[0] === '--shell' ? ['bash', '--norc'] : ['node', join(cache, 'inside.mjs'), ...wanted],
    ),
    silenceMs: SILENCE_MS,
    stdin: wanted[0] === '--shell' ? 'inherit' : 'ignore',
    onLine: (line) => {
      failed = SUMMARY.exec(line)?.[1] ?? failed;
      console.log(line);
    },
  });
  if (failed !== undefined || wanted[0] === '--shell') return failed === '0' ? 0 : 1;
  console.log(`the nest has ended early: ${(await readFile(consoleLog(cache), 'utf8')).trim()}`);
  console.log('0 passed, 1 failed, 0 left out');
  return 1;
}

/** Its template is of emulation and costs seconds; those of KVM are what the cases make. */
async function setUp(home: string): Promise<void> {
  const args = ['--home', home, '--accel', 'tcg', 'setup'];
  await execa(join(root, 'bin', 'boxlite'), args, { stdin: 'ignore' });
}

async function pack(directory: string, archive: string, what: string[]): Promise<void> {
  await execa('tar', ['-C', directory, '-cSf', join(cache, archive), ...what]);
}

function nestJob(ticksTwice: boolean, command: string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: '/root',
    ...siteEnv({
      program: '/scratch/program',
      seed: '/scratch/home',
      work: '/scratch/work',
      ticksTwice,
    }),
  };
  const unpacked = ['program', 'home'].flatMap((name) => [
    `rm -rf /scratch/${name}; mkdir /scratch/${name}`,
    `tar -C /scratch/${name} -xf ${quoted(join(cache, `${name}.tar`))}`,
  ]);
  return [
    ...Object.entries(env).map(([name, value = '']) => `export ${name}=${quoted(value)}`),
    ...unpacked,
    'chmod 755 /scratch; mkdir -p /scratch/work',
    command.map(quoted).join(' '),
    '',
  ].join('\n');
}

function siteEnv(place: Omit<SiteOptions, 'vmlinuz' | 'modules'>): Record<string, string> {
  const site: SiteOptions = { ...place, ...kernel };
  return { BOXLITE_KVM_SITE: JSON.stringify(site) };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
