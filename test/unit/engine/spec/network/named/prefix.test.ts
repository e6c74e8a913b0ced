import { describe, expect, test } from 'vitest';
import {
  addressAt,
  holdsAddress,
  indexIn,
  overlaps,
  parsePrefix,
  plainAddress,
  prefixText,
  sizeOf,
} from '../../../../../../src/engine/spec/network/named/prefix.js';

describe('a prefix', () => {
  test.each(['172.18.0.0/16', '10.1.2.0/29', '0.0.0.0/0', 'fd00:1234::/64', '::/0', '::1/128'])(
    '%s is written as it is read',
    (text) => expect(prefixText(parsePrefix(text))).toBe(text),
  );

  test.each([
    ...['', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0/8', '010.0.0.0/8', 'fe80::%1/64'],
    ...['::/129', '10.0.0.0/8/8', 'a/8', ' 10.0.0.0/8', '10.0.0.0/-1'],
  ])('%j is none', (text) =>
    expect(() => parsePrefix(text)).toThrow(`invalid CIDR address: ${text}`),
  );

  test.each([
    ['10.0.0.1/24', '10.0.0.0/24'],
    ['fd00::1/64', 'fd00::/64'],
    ['172.18.3.0/16', '172.18.0.0/16'],
  ])('%s is refused in Docker’s words', (text, right) =>
    expect(() => parsePrefix(text)).toThrow(`invalid subnet ${text}: it should be ${right}`),
  );

  test('has addresses, from its first to its last', () => {
    const prefix = parsePrefix('192.168.16.0/20');
    expect(sizeOf(prefix)).toBe(4096n);
    expect([0n, 1n, 256n, -1n, -2n].map((index) => addressAt(prefix, index))).toEqual([
      ...['192.168.16.0', '192.168.16.1', '192.168.17.0', '192.168.31.255', '192.168.31.254'],
    ]);
    expect(indexIn(prefix, '192.168.17.0')).toBe(256n);
    const six = parsePrefix('fd00:1:2:3::/64');
    expect([1n, 0x1_0005n, -2n].map((index) => addressAt(six, index))).toEqual([
      ...['fd00:1:2:3::1', 'fd00:1:2:3::1:5', 'fd00:1:2:3:ffff:ffff:ffff:fffe'],
    ]);
  });

  test.each([
    ['10.0.0.0/24', '10.0.0.255', true],
    ['10.0.0.0/24', '10.0.1.0', false],
    ['10.0.0.0/24', '::a00:1', false],
    ['fd00::/64', 'fd00::ffff:0:0:0', true],
    ['fd00::/64', 'fd00:0:0:1::', false],
  ])('%s holds %s: %j', (prefix, address, expected) =>
    expect(holdsAddress(parsePrefix(prefix), address)).toBe(expected),
  );

  test.each([
    ['10.0.0.0/8', '10.255.0.0/16', true],
    ['10.255.0.0/16', '10.0.0.0/8', true],
    ['10.0.0.0/24', '10.0.1.0/24', false],
    ['0.0.0.0/0', '::/0', false],
    ['fd00::/8', 'fd62:6f78:6c74::/64', true],
  ])('%s overlaps %s: %j', (one, other, expected) =>
    expect(overlaps(parsePrefix(one), parsePrefix(other))).toBe(expected),
  );
});

test('an address has one spelling', () => {
  expect(plainAddress('FD00:0:0::0010')).toBe('fd00::10');
  expect(plainAddress('10.0.0.1')).toBe('10.0.0.1');
});
