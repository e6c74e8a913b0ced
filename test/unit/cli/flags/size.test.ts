import { describe, expect, it } from 'vitest';
import { parseBytes, parseDiskBytes, parseMemoryMib } from '../../../../src/cli/flags/size.js';

describe('parseMemoryMib', () => {
  it.each([
    ['512m', 512],
    ['512M', 512],
    ['512mb', 512],
    ['512MiB', 512],
    ['2g', 2048],
    ['1.5g', 1536],
    ['512', 512],
    ['128', 128],
    ['262144k', 256],
    ['536870912b', 512],
  ])('reads %s as %i MiB', (text, expected) => {
    expect(parseMemoryMib(text)).toBe(expected);
  });

  it.each(['127m', '64', '0', '512b'])('refuses %s as too little', (text) => {
    expect(() => parseMemoryMib(text)).toThrow('a box needs at least 128 MiB of memory');
  });

  it.each(['', 'much', '-1g', '1e3m', '5x', 'm', '1 000m', '0x200m'])('refuses %j', (text) => {
    expect(() => parseMemoryMib(text)).toThrow('must be a size such as 512m or 2g');
  });

  it('refuses what no integer holds', () => {
    expect(() => parseMemoryMib('99999999999999t')).toThrow('is too large');
  });
});

describe('parseDiskBytes', () => {
  it('reads a size with its unit', () => {
    expect(parseDiskBytes('10g')).toBe(10 * 2 ** 30);
  });
  it('refuses a bare number, which could mean anything', () => {
    expect(() => parseDiskBytes('10')).toThrow('needs a unit, such as 10g or 512m');
  });
  it('refuses nothing', () => {
    expect(() => parseDiskBytes('0g')).toThrow('larger than nothing');
  });
});

it('parseBytes takes a bare number for bytes', () => {
  expect([parseBytes('4096'), parseBytes('64m')]).toEqual([4096, 67_108_864]);
});
