import type { BoxSpec } from '../spec/box-spec.js';
import type { BoxHealth } from '../state/health.js';

/** Docker's `State.Health`; empty without a healthcheck. */
export function inspectHealth(health: BoxHealth | undefined): Record<string, unknown> {
  if (health === undefined || health.status === 'none') return {};
  return {
    Health: {
      Status: health.status,
      FailingStreak: health.failingStreak,
      Log: health.log.map(({ start, end, exitCode, output }) => ({
        Start: start.toISOString(),
        End: end.toISOString(),
        ExitCode: exitCode,
        Output: output,
      })),
    },
  };
}

/** Docker's `Config.Healthcheck`; its times are nanoseconds. */
export function inspectHealthcheck({ healthcheck }: BoxSpec): Record<string, unknown> {
  if (healthcheck === undefined) return {};
  const { test, intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = healthcheck;
  return {
    Healthcheck: {
      Test: test,
      Interval: intervalMs * 1e6,
      Timeout: timeoutMs * 1e6,
      StartPeriod: startPeriodMs * 1e6,
      StartInterval: startIntervalMs * 1e6,
      Retries: retries,
    },
  };
}
