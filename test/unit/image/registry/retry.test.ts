import { expect, test } from 'vitest';
import { type HttpResponse } from '../../../../src/image/registry/http/http.js';
import { TransportError } from '../../../../src/image/registry/http/transport-error.js';
import { DEFAULT_RETRY, retryAfterMs, withRetry } from '../../../../src/image/registry/retry.js';
import { answer } from '../../../helpers/answers.js';

type Step = number | Error | { status: number; retryAfter: string };

/** Answers with each status or error in turn; keeps the pauses instead of waiting. */
function script(...steps: Step[]): {
  tried: () => number;
  discarded: () => number;
  pauses: number[];
  attempt: () => Promise<HttpResponse>;
  policy: typeof DEFAULT_RETRY;
} {
  let index = 0;
  let discarded = 0;
  const pauses: number[] = [];
  const attempt = (): Promise<HttpResponse> => {
    const step = steps[index++];
    if (step === undefined) return Promise.reject(new Error('tried too often'));
    if (step instanceof Error) return Promise.reject(step);
    const onDiscard = (): void => {
      discarded++;
    };
    if (typeof step === 'number') return Promise.resolve(answer({ status: step, onDiscard }));
    const headers = { 'retry-after': step.retryAfter };
    return Promise.resolve(answer({ status: step.status, headers, onDiscard }));
  };
  const pause = (ms: number, signal?: AbortSignal): Promise<void> => {
    pauses.push(ms);
    signal?.throwIfAborted();
    return Promise.resolve();
  };
  const policy = { attempts: 4, firstPauseMs: 500, longestPauseMs: 60_000, pause };
  return { tried: () => index, discarded: () => discarded, pauses, attempt, policy };
}

const reset = new TransportError('ECONNRESET', 'connection reset');
const refused = new TransportError('ECONNREFUSED', 'connection refused');

test.each([
  [[200], 200, []],
  [[404], 404, []],
  [[401], 401, []],
  [[503, 200], 200, [500]],
  [[500, 502, 503, 504], 504, [500, 1000, 2000]],
  [[reset, 500, 200], 200, [500, 1000]],
  [[{ status: 429, retryAfter: '7' }, 200], 200, [7000]],
  [[{ status: 503, retryAfter: '0' }, { status: 503, retryAfter: '60' }, 200], 200, [0, 60_000]],
  [[{ status: 429, retryAfter: 'soon' }, 200], 200, [500]],
  [[{ status: 429, retryAfter: '61' }], 429, []],
  [[{ status: 429, retryAfter: '99999999999999999999' }], 429, []],
  [[{ status: 200, retryAfter: '9' }], 200, []],
])('%j ends with %d after pauses of %j ms', async (steps, status, pauses) => {
  const world = script(...steps);
  expect((await withRetry(world.attempt, world.policy)).status).toBe(status);
  expect(world.pauses).toEqual(pauses);
  expect(world.tried()).toBe(steps.length);
  // Every answer but the last gives its connection back.
  const answers = steps.filter((step) => !(step instanceof Error));
  expect(world.discarded()).toBe(answers.length - 1);
});

test.each([
  [[refused], refused],
  [[reset, reset, reset, reset], reset],
])('%j fails', async (steps, error) => {
  const world = script(...steps);
  await expect(withRetry(world.attempt, world.policy)).rejects.toBe(error);
  expect(world.tried()).toBe(steps.length);
});

test('a pause ends when the caller gives up', async () => {
  const world = script(503, 200);
  const controller = new AbortController();
  controller.abort();
  await expect(withRetry(world.attempt, world.policy, controller.signal)).rejects.toThrow();
  expect(world.tried()).toBe(1);
});

test('a server that is never well costs a quarter of a minute, not more', async () => {
  const { attempts, firstPauseMs, longestPauseMs } = DEFAULT_RETRY;
  const world = script(...Array.from({ length: attempts }, () => 503));
  const policy = { ...world.policy, attempts, firstPauseMs, longestPauseMs };
  expect((await withRetry(world.attempt, policy)).status).toBe(503);
  expect(world.pauses.reduce((sum, ms) => sum + ms, 0)).toBe(15_500);
});

test('Retry-After is seconds or a date, and nonsense is none', () => {
  const now = Date.parse('Thu, 01 Jan 2026 00:00:00 GMT');
  expect(retryAfterMs('7')).toBe(7000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:01:30 GMT', now)).toBe(90_000);
  expect(retryAfterMs('Thu, 01 Jan 1970 00:00:00 GMT', now)).toBe(0);
  expect(retryAfterMs('-5')).not.toBe(-5000);
  expect(retryAfterMs('soon')).toBeUndefined();
  expect(retryAfterMs(undefined)).toBeUndefined();
});
