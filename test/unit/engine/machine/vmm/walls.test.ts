import { expect, test } from 'vitest';
import { wallNames, wallsOf } from '../../../../../src/engine/machine/vmm/walls.js';
import { SecurityOptions } from '../../../../../src/engine/spec/security.js';

const named = (security?: SecurityOptions) => {
  const { wanted, needed } = wallsOf(security);
  return { wanted: wallNames(wanted), needed: wallNames(needed) };
};

test('a box has all walls that the host allows, and its QEMU closes its lock', () => {
  const standard = {
    wanted: ['namespaces', 'root', 'landlock', 'calls', 'cgroup', 'shim-calls', 'shim-landlock'],
    needed: ['calls', 'shim-calls'],
  };
  expect(named(SecurityOptions.standard())).toEqual(standard);
  expect(named()).toEqual(standard);
});

test('a box of before there was a control group has one', () => {
  const before: Parameters<typeof wallsOf>[0] = SecurityOptions.standard();
  delete before.vmmCgroup;
  expect(wallsOf(before)).toEqual(wallsOf());
});

test('maximum needs namespaces and a root, and no control group, in whose place limits stand', () => {
  expect(named(SecurityOptions.maximum()).needed).toEqual([
    'namespaces',
    'root',
    'calls',
    'shim-calls',
  ]);
  expect(named(SecurityOptions.maximum()).wanted).toContain('cgroup');
});

test('development has none in a debugger’s way', () => {
  expect(named(SecurityOptions.development())).toEqual({ wanted: [], needed: [] });
});
