import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');
const programs = readdirSync(join(import.meta.dirname, 'archive'), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((name) => name.endsWith('-test.c'))
  .map((name) => `build/test/archive/${name.slice(0, -2)}`);

/** Tests both ends of a copy, under the address and undefined-behaviour sanitizers. */
describe('the archive code', () => {
  beforeAll(async () => {
    await run('make', ['-s', '-C', native, ...programs], { maxBuffer: 1 << 24 });
  }, 600_000);

  it('has tests', () => {
    expect(programs.length).toBeGreaterThan(3);
  });

  it.each(programs)('holds every fact of %s', async (program) => {
    const { stdout } = await run(join(native, program), { timeout: 240_000 });
    expect(stdout).not.toContain('FAILED');
    expect(stdout).toMatch(/^ok /m);
  });
});
