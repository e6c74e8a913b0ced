import { describe, expect, it, test } from 'vitest';
import {
  capabilityMask,
  mayLoadModules,
  resourceLimits,
  settlePrivileges,
  withPrivileged,
} from '../../../../src/engine/spec/privileges.js';

const bits = (...numbers: number[]): bigint =>
  numbers.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
const DOCKER = bits(0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31);
const ALL = 2n ** 41n - 1n;
const mask = (options: Parameters<typeof settlePrivileges>[0]): bigint =>
  capabilityMask(settlePrivileges(options));

describe('capabilities', () => {
  it.each<[string, Parameters<typeof settlePrivileges>[0], bigint]>([
    ['Docker’s fourteen', {}, DOCKER],
    ['one more', { capAdd: ['NET_ADMIN'] }, DOCKER | bits(12)],
    ['one more in any spelling', { capAdd: ['cap_sys_ptrace'] }, DOCKER | bits(19)],
    ['one less', { capDrop: ['CAP_CHOWN'] }, DOCKER & ~bits(0)],
    ['none', { capDrop: ['ALL'] }, 0n],
    ['one alone', { capDrop: ['all'], capAdd: ['SETUID'] }, bits(7)],
    ['all', { capAdd: ['ALL'] }, ALL],
    ['all but one', { capAdd: ['ALL'], capDrop: ['SYS_ADMIN'] }, ALL & ~bits(21)],
    ['what is added and dropped', { capAdd: ['KILL'], capDrop: ['KILL'] }, DOCKER],
    ['all when privileged, whatever is dropped', { privileged: true, capDrop: ['ALL'] }, ALL],
  ])('are %s', (_what, options, expected) => {
    expect(mask(options)).toBe(expected);
  });

  it.each<[boolean, Parameters<typeof settlePrivileges>[0]]>([
    [false, {}],
    [false, { capAdd: ['SYS_ADMIN', 'NET_ADMIN'] }],
    [false, { capAdd: ['ALL'], capDrop: ['SYS_MODULE'] }],
    [true, { capAdd: ['SYS_MODULE'] }],
    [true, { capAdd: ['ALL'] }],
    [true, { privileged: true }],
  ])('let a box load modules: %s with %j', (expected, options) => {
    expect(mayLoadModules(settlePrivileges(options))).toBe(expected);
  });

  it('of a box that was made before there were any are Docker’s', () => {
    expect(capabilityMask(undefined)).toBe(DOCKER);
  });

  it('of a privileged command are all, with the limits of its box', () => {
    const box = settlePrivileges({ ulimits: [{ name: 'core', soft: 0, hard: 0 }] });
    expect(capabilityMask(withPrivileged(box, true))).toBe(ALL);
    expect(resourceLimits(withPrivileged(box, true))).toContainEqual({
      ...{ resource: 4, soft: 0n, hard: 0n },
    });
    expect(withPrivileged(box, false)).toBe(box);
  });

  it.each([
    [{ capAdd: ['FOO'] }, 'invalid CapAdd: unknown capability: "CAP_FOO"'],
    [{ capDrop: [''] }, 'invalid CapDrop: unknown capability: "CAP_"'],
  ])('%j is refused', (options, message) => {
    expect(() => settlePrivileges(options)).toThrow(message);
  });
});

test('limits have Linux’s numbers, −1 is none, and the last of a name counts', () => {
  const ulimits = [
    { name: 'nofile', soft: 1, hard: 2 },
    { name: 'core', soft: 0, hard: -1 },
    { name: 'nofile', soft: 10, hard: 20 },
  ];
  expect(resourceLimits(settlePrivileges({ ulimits }))).toEqual([
    { resource: 7, soft: 10n, hard: 20n },
    { resource: 4, soft: 0n, hard: 2n ** 64n - 1n },
  ]);
});

test.each([
  [{ name: 'files', soft: 1, hard: 1 }, 'invalid ulimit type: files'],
  [{ name: 'toString', soft: 1, hard: 1 }, 'invalid ulimit type: toString'],
  [{ name: 'nofile', soft: 3, hard: 2 }, 'must be less than or equal to hard limit: 3 > 2'],
  [{ name: 'nofile', soft: -1, hard: 2 }, 'must be less than or equal to hard limit: -1 > 2'],
  [{ name: 'nofile', soft: -2, hard: 2 }, 'invalid ulimit value for nofile: -2'],
  [{ name: 'nofile', soft: 0.5, hard: 2 }, 'invalid ulimit value for nofile: 0.5'],
])('the limit %j is refused', (ulimit, message) => {
  expect(() => settlePrivileges({ ulimits: [ulimit] })).toThrow(message);
});
