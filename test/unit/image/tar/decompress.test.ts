import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../../src/image/tar/decompress.js';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function unpack(bytes: Buffer, chunkBytes = bytes.length): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of decompress(inChunks(bytes, chunkBytes))) parts.push(part);
  return Buffer.concat(parts);
}

const text = Buffer.from('a layer\n'.repeat(100));
const noise = randomBytes(700_000);
const zeros = (length: number): Buffer => Buffer.alloc(length);

/** A frame of raw blocks with a one-byte window descriptor and no checksum (RFC 8878, 3.1.1). */
function frame(content: Buffer, windowDescriptor = 0): Buffer {
  const blocks: Buffer[] = [];
  // The smallest window, 1 KiB, also bounds a block.
  const pieces = Math.max(1, Math.ceil(content.length / 1024));
  for (let i = 0; i < pieces; i++) {
    const piece = content.subarray(i * 1024, (i + 1) * 1024);
    const last = i === pieces - 1 ? 1 : 0;
    const header = zeros(3);
    header.writeUIntLE((piece.length << 3) | last, 0, 3);
    blocks.push(header, piece);
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, windowDescriptor]), ...blocks]);
}

/** One block that says "this byte so many times": 4 bytes become 128 KiB. */
function rleFrame(blocks: number): Buffer {
  const body = Array.from({ length: blocks }, (_, i) => {
    const block = zeros(4);
    block.writeUIntLE((131_072 << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0), 0, 3);
    block[3] = 0x61;
    return block;
  });
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]), ...body]);
}

function skippable(length: number): Buffer {
  const header = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  header.writeUInt32LE(length, 4);
  return Buffer.concat([header, randomBytes(length)]);
}

describe('decompress gives the content of', () => {
  test.each<[what: string, packed: Buffer, content: Buffer]>([
    ['nothing', zeros(0), zeros(0)],
    ['plain bytes', text, text],
    ['plain bytes shorter than any magic number', Buffer.from('ab'), Buffer.from('ab')],
    ['gzip', gzipSync(noise), noise],
    ['an empty gzip member', gzipSync(zeros(0)), zeros(0)],
    [
      'gzip members one after the other',
      Buffer.concat([gzipSync(text), gzipSync(zeros(0)), gzipSync(noise)]),
      Buffer.concat([text, noise]),
    ],
    ['gzip padded with zeros', Buffer.concat([gzipSync(text), zeros(70_000)]), text],
    ['a zstd frame', frame(noise), noise],
    ['an empty zstd frame', frame(zeros(0)), zeros(0)],
    ['zstd frames', Buffer.concat([frame(text), frame(noise)]), Buffer.concat([text, noise])],
    [
      'zstd frames with skippable ones before, between and after',
      Buffer.concat([skippable(5), frame(text), skippable(0), frame(text), skippable(200_000)]),
      Buffer.concat([text, text]),
    ],
    ['a zstd frame that fills every output buffer', rleFrame(16), Buffer.alloc(2 ** 21, 'a')],
    [
      'a zstd frame after one that just filled the output buffer',
      Buffer.concat([rleFrame(2), frame(text)]),
      Buffer.concat([Buffer.alloc(2 ** 18, 'a'), text]),
    ],
  ])('%s, in whatever pieces it comes', async (_, packed, content) => {
    for (const chunkBytes of [packed.length + 1, 4096, packed.length > 5000 ? 997 : 1])
      expect((await unpack(packed, chunkBytes)).equals(content)).toBe(true);
  });
});

describe('decompress refuses', () => {
  const cut = (bytes: Buffer): Buffer => bytes.subarray(0, -1);
  const garbage = Buffer.from('garbage');
  test.each<[what: string, packed: Buffer, code: string, rule: string]>([
    ['gzip that is cut', cut(gzipSync(noise)), 'layer-invalid', 'ends in the middle'],
    [
      'a second gzip member that is cut',
      Buffer.concat([gzipSync(text), gzipSync(text).subarray(0, 5)]),
      'layer-invalid',
      'ends in the middle',
    ],
    ['gzip with a wrong checksum', flip(gzipSync(text), -6), 'layer-invalid', 'data is corrupt'],
    [
      'garbage after gzip',
      Buffer.concat([gzipSync(text), garbage]),
      'layer-invalid',
      'not a whole gzip stream',
    ],
    [
      'garbage hidden behind padding after gzip',
      Buffer.concat([gzipSync(text), zeros(600), garbage]),
      'layer-invalid',
      'no gzip member',
    ],
    [
      'a gzip member hidden behind padding',
      Buffer.concat([gzipSync(text), zeros(600), gzipSync(text)]),
      'layer-invalid',
      'no gzip member',
    ],
    ['a zstd frame that is cut', cut(frame(noise)), 'layer-invalid', 'ends in the middle'],
    [
      'a second zstd frame that is cut after its first byte',
      Buffer.concat([frame(text), Buffer.from([0x28])]),
      'layer-invalid',
      'ends in the middle',
    ],
    ['a skippable frame that is cut', cut(skippable(9)), 'layer-invalid', 'ends in the middle'],
    [
      'garbage after zstd',
      Buffer.concat([frame(text), garbage]),
      'layer-invalid',
      'something that is no zstd frame',
    ],
    [
      'a zstd block of the reserved type',
      Buffer.concat([frame(zeros(0)).subarray(0, 6), Buffer.from([7, 0, 0])]),
      'layer-invalid',
      'corrupt',
    ],
    // Exponent 18 is 2^28 bytes.
    ['a zstd window of 256 MiB', frame(text, 18 << 3), 'unsupported', 'over 128 MiB'],
    [
      'zstd with a dictionary',
      Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 0, 42]), frame(text).subarray(6)]),
      'unsupported',
      'dictionary',
    ],
  ])('%s, in whatever pieces it comes', async (_, packed, code, rule) => {
    for (const chunkBytes of [packed.length, packed.length > 5000 ? 997 : 1]) {
      const refused = expect(unpack(packed, chunkBytes)).rejects;
      await refused.toMatchObject({ code, message: expect.stringContaining(rule) as string });
    }
  });
});

test.each([
  ['gzip', gzipSync(noise)],
  ['zstd', frame(noise)],
])('a %s stream that is cut at any 4 KiB is refused', async (_, packed) => {
  for (let length = 4096; length < packed.length; length += 4096)
    await expect(unpack(packed.subarray(0, length), 65_536)).rejects.toMatchObject({
      code: 'layer-invalid',
    });
});

test.each([
  ['gzip', gzipSync(noise)],
  ['zstd', frame(noise)],
  ['plain', noise],
])('an error of the source of a %s layer passes through', async (_, packed) => {
  const failing = async function* (): AsyncGenerator<Buffer> {
    yield* inChunks(packed.subarray(0, 100_000), 10_000);
    throw new Error('connection lost');
  };
  const read = async (): Promise<void> => {
    for await (const chunk of decompress(failing())) expect(chunk.length).toBeGreaterThan(0);
  };
  await expect(read()).rejects.toThrow('connection lost');
});

test.each([
  ['gzip', gzipSync(noise)],
  ['zstd', frame(noise)],
  ['plain', noise],
])('the source of a %s layer is closed when its reader gives up', async (_, packed) => {
  let closed = false;
  const source = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* inChunks(packed, 10_000);
    } finally {
      closed = true;
    }
  };
  for await (const chunk of decompress(source())) if (chunk.length > 0) break;
  expect(closed).toBe(true);
});

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = bytes.length + at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

test.each([
  ['xz', 'fd377a585a000004'],
  ['bzip2', '425a6839314159265359'],
  ['lz4', '04224d186440a7'],
])('a layer packed by %s is refused by name', async (name, magic) => {
  await expect(unpack(Buffer.from(magic, 'hex'), 3)).rejects.toMatchObject({
    code: 'unsupported',
    message: `the layer is packed by ${name}`,
  });
});

test('a plain tar of a file named BZh9 is none of bzip2', async () => {
  const bytes = Buffer.from('BZh9.txt'.padEnd(512, '\0'));
  expect(await unpack(bytes)).toEqual(bytes);
});
