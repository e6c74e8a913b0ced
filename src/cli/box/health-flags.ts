/** The flags of a box's healthcheck, and how they map to the engine's options. */
import type { HealthcheckOptions } from '../../engine/spec/healthcheck.js';
import { parseDurationMs } from '../flags/duration.js';
import { wholeNumber } from '../flags/number.js';
import { flag, type OptionValues, value } from '../parse/command.js';
import { usageError } from '../parse/usage-error.js';

export const HEALTH_OPTIONS = {
  'health-cmd': value('Command that checks the health of the box, run by its shell', 'COMMAND'),
  'health-interval': value('Time between two checks (default 30s)', 'DURATION', {
    parse: parseDurationMs,
  }),
  'health-timeout': value('Longest that a check may take (default 30s)', 'DURATION', {
    parse: parseDurationMs,
  }),
  'health-retries': value('Failures in a row that make a box unhealthy (default 3)', 'NUMBER', {
    parse: wholeNumber(0),
  }),
  'health-start-period': value(
    'Time the box has to start, in which failures do not count',
    'DURATION',
    {
      parse: parseDurationMs,
    },
  ),
  'health-start-interval': value('Time between two checks during it (default 5s)', 'DURATION', {
    parse: parseDurationMs,
  }),
  'no-healthcheck': flag("Do not run the image's HEALTHCHECK"),
} as const;

/** @throws invalid-argument when the flags both disable and describe it */
export function readHealthcheck(
  flags: OptionValues<typeof HEALTH_OPTIONS>,
): HealthcheckOptions | undefined {
  const options = {
    test: flags['health-cmd'] === undefined ? undefined : ['CMD-SHELL', flags['health-cmd']],
    intervalMs: flags['health-interval'],
    timeoutMs: flags['health-timeout'],
    retries: flags['health-retries'],
    startPeriodMs: flags['health-start-period'],
    startIntervalMs: flags['health-start-interval'],
  };
  const given = Object.entries(options).filter(([, each]) => each !== undefined);
  if (flags['no-healthcheck']) {
    if (given.length > 0)
      throw usageError('--no-healthcheck conflicts with --health-* options', 'run');
    return { test: ['NONE'] };
  }
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
