import { describe, expect, it } from 'vitest';
import {
  type HealthcheckOptions,
  settleHealthcheck,
} from '../../../../src/engine/spec/healthcheck.js';
import type { Healthcheck } from '../../../../src/image/oci/image-config.js';

const DEFAULTS = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  startIntervalMs: 5_000,
  retries: 3,
};

const settle = (given?: HealthcheckOptions, healthcheck?: Healthcheck, shell?: string[]) =>
  settleHealthcheck(given, {
    ...(healthcheck && { healthcheck }),
    ...(shell && { shell }),
  }).healthcheck;

describe('a healthcheck', () => {
  it('is none when neither image nor caller has one', () => {
    expect(settle()).toBeUndefined();
    expect(settle({ intervalMs: 5 })).toBeUndefined();
  });

  it('of the shell form runs by the image’s shell, else by /bin/sh', () => {
    const test = ['CMD-SHELL', 'test -e /x'];
    expect(settle({ test })).toEqual({ test, argv: ['/bin/sh', '-c', 'test -e /x'], ...DEFAULTS });
    expect(settle({ test }, undefined, ['/bin/bash', '-lc'])?.argv).toEqual([
      '/bin/bash',
      '-lc',
      'test -e /x',
    ]);
  });

  it('of the exec form runs as it stands', () => {
    expect(settle({ test: ['CMD', '/check', '-q'] })?.argv).toEqual(['/check', '-q']);
  });

  it('takes each field from the caller, else from the image, else by default', () => {
    const image = { test: ['CMD', '/own'], intervalNs: 2e9, timeoutNs: 3e9, retries: 7 };
    expect(settle({ timeoutMs: 9, intervalMs: 0 }, image)).toEqual({
      ...DEFAULTS,
      test: ['CMD', '/own'],
      argv: ['/own'],
      intervalMs: 2_000,
      timeoutMs: 9,
      retries: 7,
    });
  });

  const none: [string, string[]][] = [
    ['NONE', ['NONE']],
    ['a kind nobody knows', ['HTTP', '/']],
    ['a kind without a command', ['CMD']],
  ];
  it.each(none)('of an image that says %s is none', (_what, test) => {
    expect(settle(undefined, { test })).toBeUndefined();
  });

  it('of the image is turned off by NONE', () => {
    expect(settle({ test: ['NONE'] }, { test: ['CMD', '/own'] })).toBeUndefined();
  });

  it('of an image with impossible numbers keeps within what the agent takes', () => {
    const image = { test: ['CMD', 'x'], intervalNs: 1, timeoutNs: 1e30, retries: 1e12 };
    expect(settle(undefined, image)).toMatchObject({
      intervalMs: 1,
      timeoutMs: 2 ** 32 - 1,
      retries: 2 ** 32 - 1,
    });
  });

  it.each([-1, 1.5, NaN, 2 ** 32])('refuses a time of %s', (intervalMs) => {
    expect(() => settle({ intervalMs })).toThrow(/intervalMs must be a whole number/);
  });

  it('refuses a test of an unknown kind from the caller', () => {
    expect(() => settle({ test: ['curl'] })).toThrow(/unknown kind of healthcheck "curl"/);
  });
});
