import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { CommandContext } from '../../../../src/cli/process/context.js';
import { readBytes } from '../../../../src/cli/process/read-bytes.js';

test('a signal ends the reading of a stdin from which nothing comes', async () => {
  const stop = new AbortController();
  const stdin = new PassThrough();
  const bytes = readBytes({ stdin } as unknown as CommandContext, '-', stop.signal);
  stdin.write('a');
  expect((await bytes.next()).value).toEqual(Buffer.from('a'));
  const next = bytes.next();
  stop.abort();
  await expect(next).rejects.toThrow("can't read stdin");
  expect(stdin.destroyed).toBe(true);
});
