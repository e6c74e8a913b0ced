import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');
const programs = [
  ...['boxlite-guest', 'boxlite-shim', 'boxlite-archive', 'boxlite-host'],
  'boxlite-net',
  'boxlite-hub',
  'boxlite-ram.so',
];

beforeAll(async () => {
  await run('make', ['-s', '-C', native, 'all'], { maxBuffer: 1 << 24 });
}, 600_000);

/** What the linker has left in a program for the kernel and the loader to obey. */
it.each(programs)(
  '%s can be loaded anywhere, and has nothing to write that is run',
  async (name) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const { stdout } = await run('readelf', ['-hlWd', join(native, 'build', name)], { env });
    const segments = [
      ...stdout.matchAll(/^ {2}(\w+) +0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ (.{3}) 0x/gm),
    ].map(([, type, flags]) => `${type} ${flags?.trim()}`);
    expect(stdout).toMatch(/Type: +DYN /);
    expect(stdout).toMatch(/\(FLAGS\) +BIND_NOW/);
    expect(stdout).toMatch(name.endsWith('.so') ? /\(FLAGS_1\) +Flags: NOW/ : /Flags: NOW PIE/);
    expect(segments).toContain('GNU_RELRO R');
    expect(segments).toContain('GNU_STACK RW');
    expect(segments.filter((segment) => segment.includes('W') && segment.includes('E'))).toEqual(
      [],
    );
    // They bring all they need, but for the library, which lives in another's program, and what needs the
    // distribution's libslirp.
    if (!name.endsWith('.so') && name !== 'boxlite-net')
      expect(stdout).not.toMatch(/\(NEEDED\)|INTERP/);
  },
);

it('is compiled with what the compiler has to find overflows and to stop them', async () => {
  const { stdout } = await run('make', ['-nB', '-C', native, 'build/pie/common/err.o'], {
    env: { ...process.env, BUILD_LOCKED: '1' },
  });
  expect(stdout).toMatch(/-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=[23] /);
  // Known since GCC 8 and Clang 11.
  expect(stdout).toContain('-fstack-clash-protection');
});

it('leaves out what an old compiler does not know', async () => {
  const { stdout } = await run(
    'make',
    ['-nB', '-C', native, 'build/pie/common/err.o', 'CC=false'],
    {
      env: { ...process.env, BUILD_LOCKED: '1' },
    },
  );
  expect(stdout).toContain('-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2');
  expect(stdout).not.toMatch(/-fstack-clash|-fcf|-mbranch|-ftrivial/);
});
