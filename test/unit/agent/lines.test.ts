import { describe, expect, test } from 'vitest';
import { splitLines } from '../../../src/agent/lines.js';

describe('bytes become lines', () => {
  test.each<[string, string[], string[]]>([
    ['without their ends', ['one\ntwo\n'], ['one', 'two']],
    ['of either kind of end', ['one\r\ntwo\n'], ['one', 'two']],
    ['also when the end comes in two chunks', ['one\r', '\ntwo'], ['one', 'two']],
    ['the last one without an end, too', ['one\ntwo'], ['one', 'two']],
    ['of which some are empty', ['\n\na\n\r\n'], ['', '', 'a', '']],
    ['with a return that ends none', ['10%\r20%\r\n'], ['10%\r20%']],
    ['none of none', [], []],
  ])('%s', async (_what, chunks, lines) => {
    expect(await collect(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(lines);
  });

  test('whole, wherever the chunks cut them', async () => {
    const text = 'ä€𝄞x\r\n\r\nend';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 1)
      expect(await collect([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([
        'ä€𝄞x',
        '',
        'end',
      ]);
    expect(await collect(bytewise(bytes))).toEqual(['ä€𝄞x', '', 'end']);
  });

  test('with a mark in the place of what is not UTF-8', async () => {
    expect(await collect([Buffer.from([0x61, 0xff, 0x62, 0x0a])])).toEqual(['a\ufffdb']);
  });
});

describe('a line that is too long', () => {
  test.each<[string, string, number, string[]]>([
    ['comes in pieces', 'abcdefghij\nk\n', 4, ['abcd', 'efgh', 'ij', 'k']],
    ['is none when it just fits', 'abcd\nefgh\r\n', 4, ['abcd', 'efgh']],
    ['is cut between characters', 'aa€€\n', 4, ['aa', '€', '€']],
    ['holds a whole character at least', '𝄞𝄞\n', 1, ['𝄞', '𝄞']],
  ])('%s', async (_what, text, maxBytes, lines) => {
    const bytes = Buffer.from(text);
    expect(await collect([bytes], maxBytes)).toEqual(lines);
    expect(await collect(bytewise(bytes), maxBytes)).toEqual(lines);
  });

  test('costs no more than its limit, however long it is', async () => {
    let longest = 0;
    let count = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (let n = 0; n < 64; n += 1) yield await Promise.resolve(Buffer.alloc(65_536, 'x'));
    }
    for await (const line of splitLines(endless(), { maxBytes: 100_000 })) {
      longest = Math.max(longest, line.length);
      count += line.length;
    }
    expect([longest, count]).toEqual([100_000, 64 * 65_536]);
  });
});

const bytewise = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.from([byte]));

async function collect(chunks: readonly Buffer[], maxBytes?: number): Promise<string[]> {
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const lines: string[] = [];
  const options = maxBytes === undefined ? {} : { maxBytes };
  for await (const line of splitLines(source(), options)) lines.push(line);
  return lines;
}
