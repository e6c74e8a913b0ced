import { setTimeout as delay } from 'node:timers/promises';
import type { HttpResponse } from './http/http.js';
import { TransportError } from './http/transport-error.js';

export interface RetryPolicy {
  /** Total number of tries, including the first. */
  attempts: number;
  /** Pause after the first failure; it doubles each time. */
  firstPauseMs: number;
  /** We don't wait for a server that asks for a longer pause (Retry-After). */
  longestPauseMs: number;
  /** Waits; rejects when the signal aborts. Default: by the clock. */
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 6,
  firstPauseMs: 500,
  longestPauseMs: 60_000,
};

const BUSY = new Set([429, 500, 502, 503, 504]);

/**
 * Retries a request when the server is busy or the connection broke. Returns the last answer
 * unchanged or throws the last failure.
 */
export async function withRetry(
  attempt: () => Promise<HttpResponse>,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  for (let tried = 1; ; tried++) {
    const backOffMs = policy.firstPauseMs * 2 ** (tried - 1);
    let pauseMs = backOffMs;
    try {
      const response = await attempt();
      if (!BUSY.has(response.status) || tried >= policy.attempts) return response;
      pauseMs = retryAfterMs(response.headers['retry-after']) ?? backOffMs;
      if (pauseMs > policy.longestPauseMs) return response;
      response.discard();
    } catch (error) {
      const again = error instanceof TransportError && error.transient && tried < policy.attempts;
      if (!again) throw error;
    }
    await pause(policy, pauseMs, signal);
  }
}

/** Waits before another try, at most the policy's longest pause. */
export async function pause(
  { longestPauseMs, pause: wait = byTheClock }: RetryPolicy,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  await wait(Math.min(ms, longestPauseMs), signal);
}

async function byTheClock(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}

/** `Retry-After` is seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^[0-9]+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
