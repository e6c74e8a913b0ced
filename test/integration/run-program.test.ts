import { closeSync, openSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../../src/host/run-program.js';

/** How many descriptors the process may still open. */
const left = vi.hoisted(() => ({ descriptors: Infinity }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const limited: typeof fs.openSync = (...args) => {
    if (left.descriptors === 0)
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    left.descriptors -= 1;
    return fs.openSync(...args);
  };
  return { ...fs, openSync: limited };
});

test('a program gets its input, and its status and output come back', async () => {
  const script = 'cat; echo $LC_ALL >&2; exit 3';
  const { status, stdout, stderr } = await runProgram('sh', ['-c', script], {
    input: Buffer.from([0xff, 0x0a]),
  });
  expect([status, [...stdout], stderr]).toEqual([3, [0xff, 0x0a], 'C\n']);
});

test('a program without input reads an empty one, in the environment and directory that are named', async () => {
  const { stdout } = await runProgram('/bin/sh', ['-c', 'cat; pwd; /usr/bin/env'], {
    cwd: '/usr',
    env: { WORD: 'a b' },
  });
  expect(stdout.toString().split('\n').sort()).toEqual(['', '/usr', 'PWD=/usr', 'WORD=a b']);
});

test('a program that ends before it has read its input has its own status', async () => {
  const input = new Uint8Array(2 ** 22);
  expect(await runProgram('sh', ['-c', 'exit 4'], { input })).toMatchObject({ status: 4 });
});

test('a program inherits the descriptor that it is given', async () => {
  const descriptor = openSync('/etc/hostname', 'r');
  try {
    const { stdout } = await runProgram('readlink', ['/proc/self/fd/3'], { descriptor });
    expect(stdout.toString()).toBe('/etc/hostname\n');
  } finally {
    closeSync(descriptor);
  }
});

test.each([
  ['/nowhere/qemu', [], { code: 'setup-needed', message: '/nowhere/qemu is not installed' }],
  ['sh', ['-c', 'kill -TERM $$'], { code: 'vmm-failed', message: 'sh was killed by SIGTERM' }],
  ['sleep', ['60'], { code: 'timeout', message: 'sleep did not end in time' }],
  // Its own child holds its pipes.
  ['sh', ['-c', 'sleep 30; :'], { code: 'timeout', message: 'sh did not end in time' }],
] as const)('%s %j fails as what it is', async (program, args, error) => {
  await expect(runProgram(program, args, { timeoutMs: 2_000 })).rejects.toMatchObject(error);
});

test('a program ends when the signal aborts, though a child of it holds its pipes', async () => {
  const began = Date.now();
  const running = runProgram('sh', ['-c', 'sleep 30; :'], { signal: AbortSignal.timeout(300) });
  await expect(running).rejects.toMatchObject({ code: 'cancelled', message: 'sh was ended' });
  expect(Date.now() - began).toBeLessThan(10_000);
});

test('a process without descriptors for a program is told so, and goes on', async () => {
  left.descriptors = 4;
  try {
    await expect(runProgram('true', [])).rejects.toMatchObject({ code: 'host-limit' });
  } finally {
    left.descriptors = Infinity;
  }
  expect(await runProgram('true', [])).toMatchObject({ status: 0 });
});
