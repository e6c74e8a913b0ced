import { expect, it } from 'vitest';
import { writeXattrs, xattrBytes, xattrCount } from '../../../../src/image/erofs/xattr.js';

it.each([
  ['none', [], 0, 0],
  ['only such as the format has no place for', [['system.x', '1']], 0, 0],
  ['a bare prefix, which names nothing', [['user.', '1']], 0, 0],
  ['one', [['user.a', 'bcd']], 20, 3],
  [
    'two, each padded',
    [
      ['user.a', ''],
      ['security.capability', '12345'],
    ],
    12 + 8 + 20,
    8,
  ],
] as [string, [string, string][], number, number][])('counts %s', (_, xattrs, bytes, count) => {
  expect(xattrBytes(xattrs)).toBe(bytes);
  expect(xattrCount(bytes)).toBe(count);
});

it('writes prefix, name and value', () => {
  const out = Buffer.alloc(40);
  writeXattrs(
    [
      ['user.a', 'bcd'],
      ['system.posix_acl_access', 'xy'],
    ],
    out,
    4,
  );
  expect(out.subarray(16).toString('latin1')).toBe(
    '\x01\x01\x03\x00abcd' + '\x00\x02\x02\x00xy\0\0' + '\0'.repeat(8),
  );
});
