import { onTestFinished, expect, test, vi } from 'vitest';
import { isMapped, vmmUser } from '../../../src/engine/vmm-user.js';

const WHOLE = '         0          0 4294967295\n';
const ROOTLESS = '         0       1000          1\n         1     100000      65536\n';
const TWO_RANGES = '0 100000 1000\n1900000000 200000 10\n';

test.each([
  ['the first id of the machine’s own map', 0, WHOLE, true],
  ['a VMM’s id in it', 1_900_000_000, WHOLE, true],
  ['the id after the last, which stands for none', 4_294_967_295, WHOLE, false],
  ['a VMM’s id in a rootless container', 1_900_000_000, ROOTLESS, false],
  ['the last id of a rootless container', 65_536, ROOTLESS, true],
  ['the id after it', 65_537, ROOTLESS, false],
  ['the first id of a second range', 1_900_000_000, TWO_RANGES, true],
  ['the last id of a second range', 1_900_000_009, TWO_RANGES, true],
  ['the id after a second range', 1_900_000_010, TWO_RANGES, false],
  ['any id before a namespace is mapped', 0, '', false],
])('%s', (_what, id, map, mapped) => {
  expect(isMapped(id, map)).toBe(mapped);
});

test('an ordinary user’s VMM runs as that user', () => {
  actAs(1000);
  expect(vmmUser(0)).toBeUndefined();
});

test('root’s VMMs run as a user of their own each, as far as the host has such users', () => {
  actAs(0);
  const users = [vmmUser(0), vmmUser(7)];
  const expected = users[0] === undefined ? [undefined, undefined] : [1_900_000_000, 1_900_000_007];
  expect(users.map((user) => user?.uid)).toEqual(expected);
  expect(users.map((user) => user?.gid)).toEqual(expected);
});

function actAs(uid: number): void {
  const spy = vi.spyOn(process, 'getuid').mockReturnValue(uid);
  onTestFinished(() => spy.mockRestore());
}
