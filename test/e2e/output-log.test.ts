import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

const LIMITS = ['--log-opt', 'max-size=64k', '--log-opt', 'max-file=2'];

function logFiles(id: string): { name: string; size: number }[] {
  const directory = join(home.path, 'boxes', id);
  const names = readdirSync(directory).filter((name) => /^output.*log$/.test(name));
  return names.map((name) => ({ name, size: statSync(join(directory, name)).size }));
}

it('a box that writes without end leaves a bounded log, whose end is whole', async () => {
  const script = 'yes "$(printf %0200d 7)" | head -c 250000; seq 1 2000 | tee /dev/stderr';
  const id = await home.ok([
    'run',
    '-d',
    '--name',
    'noisy',
    ...LIMITS,
    'busybox',
    'sh',
    '-c',
    script,
  ]);
  await home.ok(['wait', 'noisy']);
  const files = logFiles(id);
  expect(files).toHaveLength(2);
  expect(Math.max(...files.map(({ size }) => size))).toBeLessThanOrEqual(64_000);

  const { stdout, stderr } = await home.boxlite(['logs', 'noisy']);
  const seq = Array.from({ length: 2_000 }, (_, n) => `${n + 1}\n`).join('');
  // The log keeps the end of each stream, without a gap.
  const written = `${'0'.repeat(199)}7\n`.repeat(1_250).slice(0, 250_000) + seq;
  expect(written.endsWith(stdout.toString())).toBe(true);
  expect(seq.endsWith(stderr)).toBe(true);
  const keptBytes = stdout.length + stderr.length;
  expect(keptBytes).toBeGreaterThan(32_000);
  expect(keptBytes).toBeLessThan(128_000);

  // Another run continues the log.
  expect((await home.boxlite(['start', '-a', 'noisy'])).status).toBe(0);
  expect(logFiles(id)).toHaveLength(2);
  const [inspected] = JSON.parse(await home.ok(['inspect', 'noisy'])) as [Inspection];
  expect(inspected.HostConfig.LogConfig).toEqual({
    Type: 'local',
    Config: { 'max-file': '2', 'max-size': '64k' },
  });
  expect(logFiles(id).map(({ name }) => join(home.path, 'boxes', id, name))).toContain(
    inspected.LogPath,
  );
  await home.ok(['rm', 'noisy']);
});

it('who follows a slow box sees each line once and in order, however often its log begins anew', async () => {
  const line = 'x'.repeat(400);
  const script = `i=0; while [ $i -lt 300 ]; do echo $i ${line}; i=$((i+1)); usleep 1000; done`;
  const options = ['--log-opt', 'max-size=10k', '--log-opt', 'max-file=2'];
  const id = await home.ok([
    'run',
    '-d',
    '--name',
    'slow',
    ...options,
    'busybox',
    'sh',
    '-c',
    script,
  ]);
  const logs = home.start(['logs', '-f', '-t', 'slow']);
  const { status, stdout } = await logs.result;
  expect(status).toBe(0);
  const seen = stdout.toString().trimEnd().split('\n');
  const numbers = seen.map((each) => Number(each.split(' ')[1]));
  const [first = -1] = numbers;
  expect(numbers).toEqual(Array.from({ length: 300 - first }, (_, n) => first + n));
  expect(logFiles(id).every(({ name }) => name !== 'output.log')).toBe(true);
  await home.ok(['rm', 'slow']);
});

it('a box that keeps nothing says so, and is seen by who is attached', async () => {
  expect(
    await home.ok(['run', '--name', 'quiet', '--log-driver', 'none', 'busybox', 'echo', 'seen']),
  ).toBe('seen');
  const { status, stderr } = await home.boxlite(['logs', 'quiet']);
  expect(status).toBe(1);
  expect(stderr).toContain('boxlite: configured logging driver does not support reading\n');
  await home.ok(['rm', 'quiet']);
});

interface Inspection {
  LogPath: string;
  HostConfig: { LogConfig: unknown };
}
