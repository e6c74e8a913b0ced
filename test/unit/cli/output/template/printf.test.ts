import { expect, test } from 'vitest';
import { printf } from '../../../../../src/cli/output/template/printf.js';

test.each<[string, unknown[], string]>([
  ['%s', ['a'], 'a'],
  ['%5s|%-5s|', ['a', 'b'], '    a|b    |'],
  ['%.2s', ['abc'], 'ab'],
  ['%q', ['a"\n\u0001é\u200b'], '"a\\"\\n\\x01é\\u200b"'],
  ['%d', [42], '42'],
  ['%05d|%+d|%5d|%-5d|', [42, 42, -42, 42], '00042|+42|  -42|42   |'],
  ['%05d', [-42], '-0042'],
  ['%x %X %o %b %c', [255, 255, 8, 5, 65], 'ff FF 10 101 A'],
  ['%x', ['hi'], '6869'],
  ['%f %.2f %6.1f', [1.5, 1.239, 1.25], '1.500000 1.24    1.3'],
  ['%e %g', [1500, 1500], '1.500000e+03 1500'],
  ['%t', [true], 'true'],
  ['%v %v %v', ['a', 1, true], 'a 1 true'],
  ['%v %v %v', [null, ['a', 1], { b: 1, a: 'x' }], '<nil> [a 1] map[a:x b:1]'],
  [
    '%s %q',
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    '[a b] ["a" "b"]',
  ],
  ['100%%', [], '100%'],
  ['%d', ['a'], '%!d(string=a)'],
  ['%s', [1], '%!s(int=1)'],
  ['%d', [1.5], '%!d(float64=1.5)'],
  ['%s', [null], '%!s(<nil>)'],
  ['%z', ['a'], '%!z(string=a)'],
  ['%s %s', ['a'], 'a %!s(MISSING)'],
  ['%s', ['a', 'b', 2], 'a%!(EXTRA string=b, int=2)'],
  ['50%', [], '50%!(NOVERB)'],
  ['%999999999d', [1], '%!(NOVERB)%!(EXTRA int=1)'],
  ['%.9999999f', [1], '%!(NOVERB)%!(EXTRA int=1)'],
  ['%.200e', [0], `0.${'0'.repeat(100)}e+00`],
])('%j with %j', (format, args, expected) => {
  expect(printf(format, args)).toBe(expected);
});
