import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boxThat, place } from '../helpers/copying-box.js';
import { tar, tarEntry } from '../helpers/tar-builder.js';

describe('the options of a copy', () => {
  it.each([
    [{}, ['sparse', 'directories'], ['privileges', 'sync', 'direct']],
    [{ recursive: false }, ['sparse'], ['privileges', 'sync', 'direct']],
    [{ overwrite: false }, ['sparse', 'directories'], ['keep', 'privileges', 'sync', 'direct']],
    [
      { followSymlinks: true },
      ['follow-all', 'sparse', 'directories'],
      ['privileges', 'sync', 'direct'],
    ],
    [
      { followSource: true },
      ['follow-source', 'sparse', 'directories'],
      ['privileges', 'sync', 'direct'],
    ],
    [
      { archive: true },
      ['attributes', 'sparse', 'directories'],
      ['owners', 'attributes', 'privileges', 'sync', 'direct'],
    ],
  ])('%j ask for what they say', async (options, pack, unpack) => {
    const { top, dest } = place();
    const asked: string[][] = [];
    const box = await boxThat({
      archive: tar({ name: 'src', content: 'x' }),
      onRequest: (argv) => asked.push(argv),
    });
    await box.copyOut('src', dest, options);
    await box.copyInto(join(top, 'kept'), 'x', options);
    expect(asked).toEqual([
      ['pack', ...pack, '--', '/src'],
      ['unpack', ...unpack, '--', '/x'],
    ]);
  });

  it('take what is in a directory without its parent', async () => {
    const asked: string[][] = [];
    const { dest } = place();
    const box = await boxThat({
      archive: tar({ name: './', type: '5' }, { name: './a', content: 'x' }),
      onRequest: (argv) => asked.push(argv),
    });
    await box.copyOut('/src/', dest, { includeParent: false });
    expect(asked[0]?.at(-1)).toBe('/src/.');
    expect(readdirSync(dest)).toEqual(['a']);
  });

  it('end it by their signal', async () => {
    const { dest } = place();
    const stop = new AbortController();
    const reason = new Error('enough');
    const box = await boxThat({
      archive: tarEntry({ name: 'src', size: 10_000_000, content: Buffer.alloc(2_000_000, 1) }),
    });
    const copying = box.copyOut('/src', dest, {
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });
    await expect(copying).rejects.toMatchObject({ code: 'cancelled', cause: reason });
    expect(() => readFileSync(dest)).toThrow('ENOENT');
  });
});
