/** Docker's healthcheck and its results. */
import { list, number, pointerTo, struct, text } from './go-type.js';
import { duration, time } from './time.js';

export const HEALTHCHECK = pointerTo(
  struct({
    Test: list(),
    Interval: duration,
    Timeout: duration,
    StartPeriod: duration,
    StartInterval: duration,
    Retries: number,
  }),
);

export const HEALTH = pointerTo(
  struct({
    Status: text,
    FailingStreak: number,
    Log: list(struct({ Start: time, End: time, ExitCode: number, Output: text })),
  }),
);
