import { expect, onTestFinished, test, vi } from 'vitest';
import {
  isMapped,
  lentIds,
  merge,
  namedIds,
  vmmIds,
} from '../../../../../src/engine/machine/vmm/ids.js';

const WHOLE = '         0          0 4294967295\n';
const ROOTLESS = '         0       1000          1\n         1     100000      65536\n';
const TWO_RANGES = '0 100000 1000\n1900000000 200000 10\n';

test.each([
  ['the first id of the machine’s own map', 0, 0, WHOLE, true],
  ['VMMs’ ids in it', 2 ** 31, 2 ** 32 - 65_537, WHOLE, true],
  ['the id after the last, which stands for none', 4_294_967_295, 4_294_967_295, WHOLE, false],
  ['VMMs’ ids in a rootless container', 2 ** 31, 2 ** 32 - 65_537, ROOTLESS, false],
  ['the last id of a rootless container', 65_536, 65_536, ROOTLESS, true],
  ['the id after it', 65_537, 65_537, ROOTLESS, false],
  ['a second range', 1_900_000_000, 1_900_000_009, TWO_RANGES, true],
  [
    'what begins in a second range and ends behind it',
    1_900_000_009,
    1_900_000_010,
    TWO_RANGES,
    false,
  ],
  ['any id before a namespace is mapped', 0, 0, '', false],
])('whether %s may be had', (_what, first, last, map, mapped) => {
  expect(isMapped({ first, last }, map)).toBe(mapped);
});

test('an ordinary user’s VMM runs as that user', () => {
  actAs(1000);
  expect(vmmIds()).toBeUndefined();
});

test('root’s VMMs have ids that end before the one that stands for nobody', () => {
  actAs(0);
  const ids = vmmIds();
  // In a user namespace that lacks them, none has any.
  if (ids === undefined) return;
  expect(ids).toMatchObject({ directory: '/run/boxlite', first: 2 ** 31 });
  expect(ids.first + ids.ranges * 65_536).toBeLessThan(2 ** 32);
});

test.each([
  [
    'users and their groups',
    namedIds('root:x:0:0::/:/bin/sh\nodd:x:2147483648:2147483700::/:\n\n# a remark\n+::::::\n'),
    [0, 0, 2 ** 31, 2_147_483_700],
  ],
  ['groups', namedIds('root:x:0:\nodd:*:2147483649:root,odd\n'), [0, 2_147_483_649]],
])('%s are found in the host’s files', (_what, found, ids) => {
  expect(found).toEqual(ids.map((id) => ({ first: id, last: id })));
});

test('so are the ids that users may give to their containers', () => {
  expect(lentIds('me:100000:65536\nodd:2147483648:131072\nnone:5:0\nbad\n')).toEqual([
    { first: 100_000, last: 165_535 },
    { first: 2 ** 31, last: 2 ** 31 + 131_071 },
  ]);
});

test('ids that somebody else has are put together, and many are spanned', () => {
  const at = (first: number, last = first) => ({ first, last });
  expect(merge([at(9), at(1, 4), at(5, 6), at(2, 3)])).toEqual([at(1, 6), at(9)]);
  const many = merge(Array.from({ length: 1000 }, (_, n) => at(n * 2)));
  expect(many).toHaveLength(64);
  expect(many.slice(-2)).toEqual([at(124), at(126, 1998)]);
});

function actAs(uid: number): void {
  const spy = vi.spyOn(process, 'getuid').mockReturnValue(uid);
  onTestFinished(() => spy.mockRestore());
}
