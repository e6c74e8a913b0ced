import { expect, test } from 'vitest';
import { macAddressOf } from '../../../../../src/engine/spec/network/own-network.js';

test('a box has the MAC address that its caller gave', () => {
  expect(macAddressOf({ macAddress: '02:42:ac:11:00:02' }, 'a')).toBe('02:42:ac:11:00:02');
});

test('a box without one has an address of its own, the same at each start', () => {
  const ids = ['01kaz3v5h8w2q6n9r4t7y1m0dx', '01kaz3v5h8w2q6n9r4t7y1m0dy'];
  const macs = ids.map((id) => macAddressOf({}, id));
  expect(macs).toEqual(ids.map((id) => macAddressOf({}, id)));
  expect(new Set(macs).size).toBe(2);
  expect(macs[0]).toMatch(/^02:42(?::[0-9a-f]{2}){4}$/);
});
