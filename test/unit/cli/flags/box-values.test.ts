import { expect, test } from 'vitest';
import { parseExposedPorts } from '../../../../src/cli/flags/exposed-port.js';
import { parseStream } from '../../../../src/cli/flags/streams.js';
import { parseUlimit } from '../../../../src/cli/flags/ulimit.js';

test.each([
  ['nofile=1024', { name: 'nofile', soft: 1024, hard: 1024 }],
  ['nofile=1024:2048', { name: 'nofile', soft: 1024, hard: 2048 }],
  ['core=-1', { name: 'core', soft: -1, hard: -1 }],
])('the limit %j is read', (text, expected) => {
  expect(parseUlimit(text)).toEqual(expected);
});

test.each([
  ['nofile', 'invalid ulimit argument: nofile'],
  ['=1', 'invalid ulimit argument: =1'],
  ['nofile=', 'invalid ulimit argument: nofile='],
  ['nofile=many', 'invalid ulimit argument: nofile=many'],
  ['nofile=1:2:3', 'too many limit value arguments - 1:2:3, can only have up to two'],
])('the limit %j is refused', (text, message) => {
  expect(() => parseUlimit(text)).toThrow(message);
});

test.each([
  ['80', ['80/tcp']],
  ['53/UDP', ['53/udp']],
  ['8000-8002/sctp', ['8000/sctp', '8001/sctp', '8002/sctp']],
])('the port %j is exposed', (text, expected) => {
  expect(parseExposedPorts(text)).toEqual(expected);
});

test.each(['', '0', '65536', '9-8', '80/icmp', '80:80'])('the port %j is refused', (text) => {
  expect(() => parseExposedPorts(text)).toThrow(`invalid range format for --expose: ${text}`);
});

test('streams are named in any case', () => {
  expect([parseStream('STDIN'), parseStream('stdout')]).toEqual(['stdin', 'stdout']);
  expect(() => parseStream('all')).toThrow('valid streams are STDIN, STDOUT and STDERR');
});
