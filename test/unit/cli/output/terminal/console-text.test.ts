import { expect, it } from 'vitest';
import { consoleText } from '../../../../../src/cli/output/terminal/console-text.js';

async function shown(...chunks: Buffer[]): Promise<string> {
  let text = '';
  // eslint-disable-next-line @typescript-eslint/require-await
  const source = (async function* () {
    yield* chunks;
  })();
  for await (const part of consoleText(source)) text += part;
  return text;
}

it('is the same wherever its bytes are parted', async () => {
  const bytes = Buffer.from('a\r\nä\u001b[2J\r\r\nend\r');
  const whole = await shown(bytes);
  expect(whole).toBe('a\nä\\x1b[2J\\x0d\nend\\x0d');
  for (let at = 0; at <= bytes.length; at += 1)
    expect(await shown(bytes.subarray(0, at), bytes.subarray(at))).toBe(whole);
});
