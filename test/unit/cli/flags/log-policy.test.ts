import { expect, test } from 'vitest';
import { LOG_OPTIONS, readLogPolicy } from '../../../../src/cli/box/log-flags.js';
import type { LogPolicy } from '../../../../src/engine/spec/log-policy.js';

const UNSET = { logMaxBytes: undefined, logMaxFiles: undefined };

function read(opts: string[], driver?: string, settings = {}): LogPolicy {
  const parsed = driver === undefined ? undefined : LOG_OPTIONS['log-driver'].parse(driver);
  const flags = { 'log-driver': parsed as LogPolicy['driver'], 'log-opt': opts };
  return readLogPolicy(flags, { ...UNSET, ...settings });
}

test.each<[string[], LogPolicy]>([
  [[], {}],
  [['max-size=10m', 'max-file=3'], { maxBytes: 10_000_000, maxFiles: 3 }],
  [['max-size=64k'], { maxBytes: 64_000 }],
  [['max-size=1.5GiB'], { maxBytes: 1_500_000_000 }],
  [['max-size=2000'], { maxBytes: 2_000 }],
  [['max-size=5 kb'], { maxBytes: 5_000 }],
  [['max-size=-1'], { maxBytes: -1 }],
  [['max-size=1m', 'max-size=2m'], { maxBytes: 2_000_000 }],
  [['compress=false'], {}],
])('%j is what Docker takes it for', (opts, expected) => {
  expect(read(opts)).toEqual(expected);
});

test.each<[string[], string]>([
  [['max-size=big'], 'invalid value for max-size: must be a size such as 20m'],
  [['max-size=-5'], 'invalid value for max-size: must be a size such as 20m'],
  [['max-size=5'], 'invalid value for max-size: must be at least 1000 bytes, or -1'],
  [['max-size='], 'invalid value for max-size: must be a size such as 20m'],
  [['max-size=99999999p'], 'invalid value for max-size: is too large'],
  [['max-file=x'], 'invalid value for max-file: must be a whole number from 1 to 1000'],
  [['max-file=0'], 'invalid value for max-file: must be a whole number from 1 to 1000'],
  [['compress=true'], "log opt 'compress': the output is kept as it is"],
  [['mode=non-blocking'], "log opt 'mode': output is logged before it is passed on"],
  [['labels=a'], "log opt 'labels': lines of the log carry nothing but stream and time"],
  [['gelf-address=udp://x'], "unknown log opt 'gelf-address' for local log driver"],
  [['constructor=x'], "unknown log opt 'constructor' for local log driver"],
])('%j is refused', (opts, message) => {
  expect(() => read(opts)).toThrow(message);
});

test('a driver that is not here is refused with what there is', () => {
  expect(() => read([], 'syslog')).toThrow(
    'must be one of json-file, local, none: the output is kept with the box or not at all',
  );
});

test('flags go before the configuration, which says nothing of a log that has no bound', () => {
  const settings = { logMaxBytes: 5_000, logMaxFiles: 2 };
  expect(read([], undefined, settings)).toEqual({ maxBytes: 5_000, maxFiles: 2 });
  expect(read(['max-file=7'], 'json-file', settings)).toEqual({
    ...{ driver: 'json-file', maxBytes: 5_000, maxFiles: 7 },
  });
  expect(read([], 'none', settings)).toEqual({ driver: 'none' });
  expect(read(['max-size=-1'], undefined, settings)).toEqual({ maxBytes: -1 });
  const unbounded = { logMaxBytes: -1, logMaxFiles: 2 };
  expect(read([], undefined, unbounded)).toEqual({ maxBytes: -1 });
  expect(read(['max-size=1m'], undefined, unbounded)).toEqual({ maxBytes: 1e6, maxFiles: 2 });
});
