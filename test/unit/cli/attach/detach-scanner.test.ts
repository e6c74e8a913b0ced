import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { DetachScanner } from '../../../../src/cli/attach/detach-scanner.js';

const [P, Q] = [16, 17];

async function scan(
  chunks: number[][],
  keys = [P, Q],
): Promise<{ passed: number[]; detached: number }> {
  const passed: number[] = [];
  let detached = 0;
  const scanner = new DetachScanner(Uint8Array.from(keys), () => detached++);
  scanner.on('data', (chunk: Buffer) => passed.push(...chunk));
  for (const chunk of chunks) scanner.write(Buffer.from(chunk));
  await setImmediate();
  return { passed, detached };
}

it.each<[string, number[][], number[], number]>([
  ['passes what is no key', [[1, 2, 3]], [1, 2, 3], 0],
  ['detaches at the keys', [[1, P, Q]], [1], 1],
  ['detaches at keys that come one by one', [[P], [Q]], [], 1],
  ['holds the first key back', [[1, P]], [1], 0],
  ['lets it go when another follows', [[P], [1]], [P, 1], 0],
  ['begins anew with the first key twice', [[P, P, Q]], [P], 1],
  ['drops what follows the keys', [[P, Q, 9]], [], 1],
  ['passes the second key alone', [[Q]], [Q], 0],
])('%s', async (_fact, chunks, passed, detached) => {
  expect(await scan(chunks)).toEqual({ passed, detached });
});

it('takes a single key', async () => {
  expect(await scan([[1, 3, 2]], [3])).toEqual({ passed: [1], detached: 1 });
});
