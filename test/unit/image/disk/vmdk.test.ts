import { expect, it } from 'vitest';
import { vmdkDescriptor } from '../../../../src/image/disk/vmdk.js';

it('names each extent with its length, in order', () => {
  const descriptor = vmdkDescriptor([
    { path: '/dev/fdset/100', sectors: 8 },
    { path: '/dev/fdset/101', sectors: 2147483640 },
  ]);
  expect(descriptor).toContain('createType="twoGbMaxExtentFlat"\n');
  expect(descriptor).toContain(
    '\nRW 8 FLAT "/dev/fdset/100" 0\nRW 2147483640 FLAT "/dev/fdset/101" 0\n',
  );
});
