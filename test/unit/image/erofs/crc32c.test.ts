import { expect, it } from 'vitest';
import { crc32c } from '../../../../src/image/erofs/crc32c.js';

it('gives the check value of CRC-32C, not inverted', () => {
  expect(~crc32c(Buffer.from('123456789')) >>> 0).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(0))).toBe(0xffffffff);
});
