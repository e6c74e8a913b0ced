import { describe, expect, test } from 'vitest';
import type { BoxSpec } from '../../../../src/engine/spec/box-spec.js';
import {
  formatRestartPolicy,
  parseRestartPolicy,
} from '../../../../src/engine/spec/restart-policy.js';
import {
  isAutomatic,
  isRestartDue,
  nextDelayMs,
} from '../../../../src/engine/state/restart-decision.js';
import { boxRecord, boxSpec } from '../engine-fixture.js';

describe('a policy', () => {
  test.each([
    ['no', 'no', 0],
    ['', 'no', 0],
    ['always', 'always', 0],
    ['unless-stopped', 'unless-stopped', 0],
    ['on-failure', 'on-failure', 0],
    ['on-failure:5', 'on-failure', 5],
  ])('%j is read', (text, name, maximumRetryCount) => {
    expect(parseRestartPolicy(text)).toEqual({ name, maximumRetryCount });
  });

  test('is written as it is read', () => {
    for (const text of ['no', 'always', 'on-failure:5'])
      expect(formatRestartPolicy(parseRestartPolicy(text))).toBe(text);
  });

  test.each([
    ['sometimes', "unknown policy 'sometimes'"],
    ['Always', "unknown policy 'Always'"],
    ['on-failure:', 'maximum retry count must be an integer'],
    ['on-failure:x', 'maximum retry count must be an integer'],
    ['on-failure:1:2', 'maximum retry count must be an integer'],
    ['on-failure:-1', 'maximum retry count cannot be negative'],
    ['always:3', "maximum retry count can only be used with 'on-failure'"],
    ['no:0', "maximum retry count can only be used with 'on-failure'"],
  ])('%j is refused in Docker’s words', (text, message) => {
    expect(() => parseRestartPolicy(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('and a box that removes itself exclude each other', () => {
    expect(() => boxSpec({ restart: 'always', autoRemove: true })).toThrow(
      'conflicting options: cannot specify both --restart and --rm',
    );
    expect(boxSpec({ restart: 'no', autoRemove: true }).restart?.name).toBe('no');
  });
});

describe('a box that has ended', () => {
  const due = (restart: string, exitCode: number, more: object = {}): boolean =>
    isRestartDue(
      boxRecord({
        ...{ status: 'stopped', wanted: true, startedAt: 1, exitCode },
        options: boxSpec({ restart }),
        ...more,
      }),
    );

  test.each([
    ['no', 0, false],
    ['no', 1, false],
    ['always', 0, true],
    ['unless-stopped', 137, true],
    ['on-failure', 0, false],
    ['on-failure', 1, true],
  ])('under %s with code %i: started again is %j', (restart, code, expected) => {
    expect(due(restart, code)).toBe(expected);
  });

  test('is started as often as the policy says', () => {
    expect([0, 1, 2, 3].map((restartCount) => due('on-failure:2', 1, { restartCount }))).toEqual([
      ...[true, true, false, false],
    ]);
  });

  test.each(['always', 'unless-stopped', 'on-failure'])(
    'is not started under %s when a user ended it',
    (restart) => expect(due(restart, 1, { wanted: false })).toBe(false),
  );

  test.each([{ status: 'running' }, { status: 'configured' }, { startedAt: null }])(
    'has ended: not so with %j',
    (more) => expect(due('always', 1, more)).toBe(false),
  );

  test('of an older BoxLite has no policy', () => {
    const options: Partial<BoxSpec> = boxSpec({ restart: 'always' });
    delete options.restart;
    expect(due('always', 1, { options })).toBe(false);
  });
});

describe('the delay before a restart', () => {
  const after = (restartDelayMs: number, ranMs: number): number =>
    nextDelayMs({ restartDelayMs, startedAt: 1_000, finishedAt: 1_000 + ranMs });

  test('doubles from 100 ms to a minute', () => {
    const delays = [100];
    for (let i = 0; i < 11; i += 1) delays.push(after(delays.at(-1) ?? 0, 500));
    expect(delays).toEqual([
      ...[100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000],
    ]);
  });

  test('begins anew after a run of 10 s, whose end the shim has waited 100 ms for', () => {
    expect(after(51_200, 9_999)).toBe(60_000);
    expect(after(51_200, 10_000)).toBe(200);
  });

  test('tells a restart also when the policy came by an update, which records no delay', () => {
    expect(isAutomatic({ restartDelayMs: 0 })).toBe(false);
    expect(isAutomatic({ restartDelayMs: after(0, 500) })).toBe(true);
    expect(isAutomatic({ restartDelayMs: after(0, 20_000) })).toBe(true);
  });
});
