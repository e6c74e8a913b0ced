import { expect, test } from 'vitest';
import { parseTmpfsOptions } from '../../../../src/engine/spec/tmpfs.js';

const [RDONLY, NOSUID, NODEV, NOEXEC] = [1, 2, 4, 8];

test.each([
  ['', NOSUID | NODEV | NOEXEC, ''],
  ['defaults', NOSUID | NODEV | NOEXEC, ''],
  ['size=64m,mode=1777', NOSUID | NODEV | NOEXEC, 'size=64m,mode=1777'],
  ['size=50%,uid=1000,gid=1000,nr_inodes=4k', 14, 'size=50%,uid=1000,gid=1000,nr_inodes=4k'],
  ['exec,suid,dev,ro', RDONLY, ''],
  ['ro,rw', NOSUID | NODEV | NOEXEC, ''],
  ['size=1m,size=2m', NOSUID | NODEV | NOEXEC, 'size=2m'],
  ['noatime', NOSUID | NODEV | NOEXEC | 1024, ''],
])('"%s" is flags %d and "%s"', (text, flags, data) => {
  expect(parseTmpfsOptions(text)).toEqual({ flags, data });
});

test.each([
  'size',
  'size=',
  'size=big',
  'mode=999',
  'uid=root',
  'huge=always',
  'bind',
  'exec=1',
  ',',
  '=',
])('"%s" is refused', (text) => {
  expect(() => parseTmpfsOptions(text)).toThrow('Invalid tmpfs option');
});
