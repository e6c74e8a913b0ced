import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, SECONDS, SEED } from './rounds.js';

const run = promisify(execFile);
const sources = join(import.meta.dirname, '../native');
const native = join(import.meta.dirname, '../../native');
const programs = (await readdir(sources, { recursive: true }))
  .filter((name) => name.endsWith('fuzz.c'))
  .map((name) => name.slice(0, -2))
  // Only root has a network namespace.
  .filter((name) => name !== 'net/switch-fuzz' || process.getuid?.() === 0);

function hasClang(): boolean {
  try {
    execFileSync('clang', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The parsers of hostile bytes in C; libFuzzer is clang's. Without BOXLITE_FUZZ_SECONDS they have no end. */
describe.runIf(SECONDS > 0 && hasClang())('the native fuzzers', () => {
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'boxlite-fuzz-'));
    await run('make', ['-s', '-C', native, 'fuzz'], { maxBuffer: 1 << 24 });
  }, 600_000);
  afterAll(() => rm(work, { recursive: true, force: true }));

  it.each(programs)(
    '%s finds nothing',
    async (program) => {
      const path = join(native, 'build/fuzz', program);
      const corpus = await mkdtemp(join(work, 'corpus-'));
      const options = [
        ...[`-max_total_time=${SECONDS}`, `-seed=${SEED}`, '-rss_limit_mb=2048'],
        // What is found stays there; the error says where.
        ...[`-artifact_prefix=${join(tmpdir(), 'boxlite-found-')}`, '-print_final_stats=1'],
      ];
      const { stderr } = await run(path, [...options, corpus], { maxBuffer: 1 << 26 });
      expect(stderr, relative(native, path)).toMatch(/^stat::number_of_executed_units: \d{2,}$/m);
    },
    FUZZ_TIMEOUT_MS,
  );
});
