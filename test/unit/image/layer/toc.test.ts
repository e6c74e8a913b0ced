import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type LayerEntry, parseToc, TocWriter } from '../../../../src/image/layer/toc.js';

const entry: LayerEntry = {
  kind: 'file',
  path: 'a\n\xff',
  mode: 0o644,
  uid: 1,
  gid: 2,
  mtimeSec: -3,
  mtimeNsec: 4,
  size: 5,
  block: 6,
  target: '',
  major: 0,
  minor: 0,
  xattrs: [['user.a', '\0']],
};

async function written(entries: LayerEntry[], blocks: number): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-toc-'));
  try {
    await using file = await open(join(directory, 'toc'), 'wx');
    const writer = new TocWriter(file);
    for (const each of entries) {
      writer.add(each);
      await writer.drain();
    }
    await writer.finish(blocks);
    return await readFile(join(directory, 'toc'));
  } finally {
    await rm(directory, { recursive: true });
  }
}

it('reads back what was written', async () => {
  const entries = Array.from({ length: 5000 }, (_, i) => ({ ...entry, path: `${entry.path}${i}` }));
  expect(parseToc(await written(entries, 7), 'toc')).toEqual({ entries, blocks: 7 });
});

it('refuses every flipped byte and every truncation', async () => {
  const bytes = await written([entry, entry], 7);
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8((bytes[at] ?? 0) ^ 0x01, at);
    expect(() => parseToc(flipped, 'toc'), `byte ${at}`).toThrow(/toc is damaged/);
  }
  for (let length = 0; length < bytes.length - 1; length++)
    expect(() => parseToc(bytes.subarray(0, length), 'toc')).toThrow(/toc is damaged/);
});
