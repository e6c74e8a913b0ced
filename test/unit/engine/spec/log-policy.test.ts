import { expect, test } from 'vitest';
import {
  inspectLog,
  logOf,
  type LogPolicy,
  settleLog,
} from '../../../../src/engine/spec/log-policy.js';

const shown = (policy?: LogPolicy) => inspectLog({ log: settleLog(policy) });

test('a box that says nothing keeps five files of 20 MB, one of a time without a choice too', () => {
  const bounds = { driver: 'local', maxBytes: 20_000_000, maxFiles: 5 };
  expect([settleLog(), logOf({})]).toEqual([bounds, bounds]);
});

test.each<[LogPolicy, { Type: string; Config: object }]>([
  [{}, { Type: 'local', Config: { 'max-file': '5', 'max-size': '20m' } }],
  [
    { driver: 'json-file', maxFiles: 3 },
    { Type: 'json-file', Config: files('3', '20m') },
  ],
  [
    { maxBytes: 64_000, maxFiles: 1 },
    { Type: 'local', Config: files('1', '64k') },
  ],
  [{ maxBytes: 2e9 }, { Type: 'local', Config: files('5', '2g') }],
  [{ maxBytes: 1_001 }, { Type: 'local', Config: files('5', '1001') }],
  [{ maxBytes: -1 }, { Type: 'local', Config: files('1', '-1') }],
  [
    { maxBytes: -1, maxFiles: 1 },
    { Type: 'local', Config: files('1', '-1') },
  ],
  [{ driver: 'none' }, { Type: 'none', Config: {} }],
])('the policy %j is shown as Docker shows it', (policy, expected) => {
  expect(shown(policy)).toEqual(expected);
});

test.each<[LogPolicy, string]>([
  [{ driver: 'none', maxBytes: 5_000 }, 'invalid logging opts for driver none'],
  [{ driver: 'none', maxFiles: 1 }, 'invalid logging opts for driver none'],
  [{ maxFiles: 0 }, 'max-file cannot be less than 1'],
  [{ maxFiles: -3 }, 'max-file cannot be less than 1'],
  [{ maxFiles: 1.5 }, 'max-file must be a whole number from 1 to 1000'],
  [{ maxFiles: 1_001 }, 'max-file must be a whole number from 1 to 1000'],
  [{ maxBytes: -1, maxFiles: 2 }, 'max-file has no meaning without a max-size'],
  [{ maxBytes: 0 }, 'max-size must be a positive number'],
  [{ maxBytes: -2 }, 'max-size must be a positive number'],
  [{ maxBytes: 1.5 }, 'max-size must be a positive number'],
  [{ maxBytes: 999 }, 'max-size cannot be less than 1000 bytes'],
])('the policy %j is refused', (policy, message) => {
  expect(() => settleLog(policy)).toThrow(message);
});

function files(count: string, size: string): object {
  return { 'max-file': count, 'max-size': size };
}
