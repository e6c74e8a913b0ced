import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCorpus, RENEWS, writeCorpus } from './corpus.js';
import { FUZZ_TIMEOUT_MS, SECONDS, SEED } from './rounds.js';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');
const programs = readdirSync(join(import.meta.dirname, '../native'), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((name) => name.endsWith('-fuzz.c'))
  .map((name) => name.slice(0, -2))
  // Only root has a network namespace.
  .filter((name) => name !== 'net/switch-fuzz' || process.getuid?.() === 0);

/** The parsers of hostile bytes in C: by the corpora alone under the compiler at hand, or by clang's libFuzzer. */
describe('the native fuzzers', () => {
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'boxlite-fuzz-'));
    const targets = SECONDS > 0 ? ['fuzz'] : programs.map((program) => `build/test/${program}`);
    await run('make', ['-s', '-C', native, ...targets], { maxBuffer: 1 << 24 });
  }, 600_000);
  afterAll(() => rm(work, { recursive: true, force: true }));

  /** The corpus as files. */
  function spread(program: string): string {
    const directory = makeDirectory(program, 'corpus');
    for (const [index, input] of readCorpus(`native/${program}`).entries())
      writeFileSync(join(directory, String(index).padStart(4, '0')), input);
    return directory;
  }

  function makeDirectory(program: string, name: string): string {
    const directory = join(work, program, name);
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  if (SECONDS === 0) {
    it.each(programs)('%s finds nothing in what has found branches before', async (program) => {
      const corpus = spread(program);
      const inputs = readdirSync(corpus).map((name) => join(corpus, name));
      expect(inputs.length).toBeGreaterThan(10);
      const { stdout } = await run(join(native, 'build/test', program), inputs, { cwd: work });
      expect(stdout).toBe(`ok ${inputs.length} inputs\n`);
    });
    return;
  }

  it.each(programs)(
    '%s finds nothing',
    async (program) => {
      const fuzzer = join(native, 'build/fuzz', program);
      const [found, corpus] = [makeDirectory(program, 'found'), spread(program)];
      const options = [
        ...[`-max_total_time=${SECONDS}`, `-seed=${SEED}`, '-rss_limit_mb=2048', '-timeout=10'],
        // What is found stays there; the error says where.
        ...[`-artifact_prefix=${join(tmpdir(), 'boxlite-found-')}`, '-print_final_stats=1'],
      ];
      const { stderr } = await run(fuzzer, [...options, found, corpus], { maxBuffer: 1 << 26 });
      const runs = /^stat::number_of_executed_units: (\d+)$/m.exec(stderr)?.[1];
      console.log(`${program}: ${runs} runs`);
      expect(Number(runs)).toBeGreaterThan(10);
      if (!RENEWS) return;
      const least = makeDirectory(program, 'least');
      const all = [least, found, corpus];
      await run(fuzzer, ['-set_cover_merge=1', ...all], { maxBuffer: 1 << 26 });
      const inputs = readdirSync(least).map((name) => readFileSync(join(least, name)));
      writeCorpus(`native/${program}`, inputs);
    },
    FUZZ_TIMEOUT_MS,
  );
});
