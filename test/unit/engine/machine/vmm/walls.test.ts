import { expect, test } from 'vitest';
import { wallNames, wallsOf } from '../../../../../src/engine/machine/vmm/walls.js';
import { SecurityOptions } from '../../../../../src/engine/spec/security.js';

const named = (security?: SecurityOptions) => {
  const { wanted, needed } = wallsOf(security);
  return { wanted: wallNames(wanted), needed: wallNames(needed) };
};

test('a box has all walls that the host allows, and its QEMU closes its lock', () => {
  const standard = { wanted: ['namespaces', 'root', 'landlock', 'calls'], needed: ['calls'] };
  expect(named(SecurityOptions.standard())).toEqual(standard);
  expect(named()).toEqual(standard);
});

test('maximum needs namespaces and a root', () => {
  expect(named(SecurityOptions.maximum()).needed).toEqual(['namespaces', 'root', 'calls']);
});

test('development has none in a debugger’s way', () => {
  expect(named(SecurityOptions.development())).toEqual({ wanted: [], needed: [] });
});
