import { expect, test } from 'vitest';
import { hostsLines } from '../../../../../src/engine/spec/network/name-resolution.js';

test('names become lines of /etc/hosts', () => {
  expect(hostsLines(['db:10.0.0.5', 'six=::1', 'six2:[fe80::1]', 'host:host-gateway'])).toBe(
    '10.0.0.5\tdb\n::1\tsix\nfe80::1\tsix2\n10.0.2.2\thost\n',
  );
});

test.each([
  ['db', 'bad format for add-host: "db"'],
  [':1.2.3.4', 'bad format for add-host: ":1.2.3.4"'],
  ['a b:1.2.3.4', 'bad format for add-host: "a b:1.2.3.4"'],
  ['a\n1.1.1.1 evil:1.2.3.4', 'bad format for add-host'],
  ['db:1.2.3', 'invalid IP address in add-host: "1.2.3"'],
  ['db:1.2.3.4\nx', 'bad format for add-host'],
])('%j is refused', (entry, message) => {
  expect(() => hostsLines([entry])).toThrow(message);
});
