import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');
const programs = ['common', 'shim'].flatMap((area) =>
  readdirSync(join(import.meta.dirname, area))
    .filter((name) => name.endsWith('-test.c'))
    .map((name) => `build/test/${area}/${name.slice(0, -2)}`),
);

/** Tests the parts of the shim, and the code that it shares with the guest agent, under the sanitizers. */
beforeAll(async () => {
  await run('make', ['-s', '-C', native, ...programs], { maxBuffer: 1 << 24 });
}, 600_000);

test('there are programs to run', () => {
  expect(programs.length).toBeGreaterThanOrEqual(5);
});

test.each(programs)('every fact of %s holds', async (program) => {
  const { stdout } = await run(join(native, program), { cwd: native, timeout: 240_000 });
  expect(stdout).not.toContain('FAILED');
  expect(stdout).toMatch(/^ok /m);
});
