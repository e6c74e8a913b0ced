import { expect, test } from 'vitest';
import { parseRate } from '../../../../src/cli/flags/rate.js';

test.each([
  ['500kbit', 62_500],
  ['10mbit', 1_250_000],
  ['1.5Gbit', 187_500_000],
  ['64000BIT', 8_000],
  ['0', 0],
  ['0mbit', 0],
  ['none', 0],
])('%s is %d bytes per second', (text, bytes) => {
  expect(parseRate(text)).toBe(bytes);
});

test.each(['100', '1m', '2mb', '10M', '8mbps', '1.5g', '10Mb/s', '1kib', '5b'])(
  '%s could be of bits or of bytes, and is refused',
  (text) => {
    expect(() => parseRate(text)).toThrow(
      `invalid rate "${text}": it could be of bits or of bytes`,
    );
  },
);

test.each(['', '-1mbit', 'mbit', '1e3kbit', '10 mbit', '10mbits', '1,5mbit', '0x10mbit', 'fast'])(
  '"%s" is no rate',
  (text) => {
    expect(() => parseRate(text)).toThrow(new RegExp(`^invalid rate "${text}"$`));
  },
);
