import type * as fs from 'node:fs';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { allowed, vmmLimits } from '../../../../../src/engine/machine/vmm/limits.js';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, readFileSync: vi.fn(real.readFileSync) };
});
afterEach(() => void vi.mocked(readFileSync).mockReset());

const HEAD = 'Limit                     Soft Limit           Hard Limit           Units     \n';
const UNLIMITED = 2n ** 64n - 1n;

test.each([
  ['Max open files            1024                 2048                 files     \n', 2048n],
  ['Max open files            1024                 1048576              files     \n', 1_048_576n],
  ['Max open files            unlimited            unlimited            files     \n', UNLIMITED],
  ['Max locked memory         8388608              8388608              bytes     \n', UNLIMITED],
])('of %j the hard limit is what counts', (line, hard) => {
  expect(allowed('Max open files', HEAD + line)).toBe(hard);
});

test('a VMM may map its guest’s memory and a GiB more', () => {
  const data = (cpus: number, memoryMib: number): bigint | undefined =>
    vmmLimits({ cpus, memoryMib, accelerator: 'tcg' }, true).find(({ resource }) => resource === 2)
      ?.hard;
  expect(data(1, 128)).toBe((128n + 1024n + 16n) << 20n);
  expect(data(4, 16_384)).toBe((16_384n + 1024n + 64n) << 20n);
});

test('a VMM that has a user of its own is told how many threads it may have', () => {
  const resources = (ownUser: boolean): number[] =>
    vmmLimits({ cpus: 1, memoryMib: 512, accelerator: 'tcg' }, ownUser).map(
      (each) => each.resource,
    );
  expect(resources(true).sort()).toEqual([12, 2, 4, 6, 7, 8]);
  expect(resources(false)).not.toContain(6);
});

test.each([
  ['Max data size', '-d'],
  ['Max address space', '-v'],
])('a %s below what a machine needs is told before one is tried', (name, option) => {
  const limits = (mib: number): string =>
    `${HEAD}${name.padEnd(26)}${mib << 20}   ${mib << 20}   bytes\n`;
  const ask = (mib: number) => () => {
    vi.mocked(readFileSync).mockReturnValueOnce(limits(mib));
    return vmmLimits({ cpus: 1, memoryMib: 512, accelerator: 'tcg' }, true);
  };
  expect(ask(640)).not.toThrow();
  expect(ask(639)).toThrow(
    expect.objectContaining({
      code: 'host-limit',
      message: `a machine of 512 MiB needs 640 MiB, and 639 MiB are allowed (ulimit ${option})`,
    }),
  );
});
