import { BoxliteError } from '../../errors.js';

/** tc's words: decimal, of bits. */
const BITS: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };

/**
 * `10mbit`, `500kbit`, `1.5gbit`; `0` or `none` for no cap. A number alone is bits to tc and bytes to Docker, `mb` and
 * `mbps` mean either: none of them is taken.
 * @returns bytes per second
 */
export function parseRate(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/i.exec(text) ?? [];
  const bits = BITS[unit.toLowerCase()];
  if (bits !== undefined) return Math.floor((Number(number) * bits) / 8);
  if (/^(?:0+|none)$/i.test(text)) return 0;
  const either = /^\d+(?:\.\d+)?(?:[kmgt]?i?(?:b|bps|b\/s)?)$/i.test(text);
  throw new BoxliteError(
    'invalid-argument',
    `invalid rate "${text}"${either ? ': it could be of bits or of bytes' : ''}`,
    {
      hint: 'give bits per second as 500kbit, 10mbit or 1gbit, where 8mbit are 1 MB/s; 0 for no cap',
    },
  );
}
