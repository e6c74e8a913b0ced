import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 50;

/** Polls for a state that no call can wait for; on failure, shows the last state. */
export async function lookUntil<T>(
  look: () => Promise<T>,
  wanted: (seen: T) => boolean,
  deadlineMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
    if (performance.now() > deadline)
      throw new Error(`never came to be as wanted; last: ${JSON.stringify(seen)}`);
    await delay(LOOK_AGAIN_MS);
  }
}
