import { expect, test } from 'vitest';
import { extentPath, FIRST_EXTENT_FDSET } from '../../../src/vmm/driver.js';

test('an image’s extents are reached by number, above the descriptor sets of the disks', () => {
  expect([0, 1, 27].map((index) => extentPath(index))).toEqual([
    '/dev/fdset/100',
    '/dev/fdset/101',
    '/dev/fdset/127',
  ]);
  expect(FIRST_EXTENT_FDSET).toBeGreaterThan(2);
});
