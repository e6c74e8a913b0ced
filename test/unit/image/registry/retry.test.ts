import { expect, test } from 'vitest';

import { type HttpResponse } from '../../../../src/image/registry/http.js';
import { retryAfterMs, withRetry } from '../../../../src/image/registry/retry.js';
import { TransportError } from '../../../../src/image/registry/transport-error.js';

const POLICY = { attempts: 3, firstPauseMs: 0, longestPauseMs: 10 };

/** Answers with each status or error in turn, and counts. */
function script(...steps: (number | Error)[]): {
  tried: () => number;
  attempt: () => Promise<HttpResponse>;
} {
  let index = 0;
  const attempt = (): Promise<HttpResponse> => {
    const step = steps[index++];
    if (typeof step !== 'number') return Promise.reject(step ?? new Error('tried too often'));
    const body = (async function* () {
      await Promise.resolve();
      yield new Uint8Array();
    })();
    return Promise.resolve({ status: step, headers: {}, body, discard: () => undefined });
  };
  return { tried: () => index, attempt };
}

const reset = new TransportError('ECONNRESET', 'connection reset');
const refused = new TransportError('ECONNREFUSED', 'connection refused');

test.each([
  [[200], 200, 1],
  [[404], 404, 1],
  [[503, 200], 200, 2],
  [[429, 502, 504], 504, 3],
  [[reset, 500, 200], 200, 3],
])('%j ends with %d after %d tries', async (steps, status, tries) => {
  const { tried, attempt } = script(...steps);
  expect((await withRetry(attempt, POLICY)).status).toBe(status);
  expect(tried()).toBe(tries);
});

test.each([
  [[refused], refused, 1],
  [[reset, reset, reset], reset, 3],
])('%j fails', async (steps, error, tries) => {
  const { tried, attempt } = script(...steps);
  await expect(withRetry(attempt, POLICY)).rejects.toBe(error);
  expect(tried()).toBe(tries);
});

test('Retry-After is seconds or a date, and nonsense is none', () => {
  expect(retryAfterMs('7')).toBe(7000);
  expect(retryAfterMs('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(0);
  expect(retryAfterMs('soon')).toBeUndefined();
  expect(retryAfterMs(undefined)).toBeUndefined();
});
