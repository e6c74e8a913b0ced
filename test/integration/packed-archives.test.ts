import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { BoxliteError } from '../../src/errors.js';
import { Home } from '../../src/host/home.js';
import { DEFAULT_LAYER_LIMITS } from '../../src/image/store/layer-limits.js';
import { hasLayer } from '../../src/image/store/layer-store.js';
import { unpackArchive } from '../../src/image/tar/unpack-archive.js';
import { importRootfs } from '../../src/image/transfer/import.js';
import { loadArchive } from '../../src/image/transfer/load.js';
import { longBytes } from '../helpers/bytes.js';
import { pack, writeDockerArchive } from '../helpers/image-archive.js';
import { makeTar } from '../helpers/images.js';

let work: string;
let home: Home;
let tar: Buffer;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'boxlite-packed-'));
  home = new Home(join(work, 'home'));
  tar = await makeTar({ 'etc/a': longBytes(300_000) });
});
afterAll(() => rm(work, { recursive: true }));

const packed = (program: string, input: Uint8Array, ...options: string[]): Buffer =>
  execFileSync(program, ['-c', ...options], { input, maxBuffer: 2 ** 28 });

async function* stream(bytes: Buffer, chunk = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) {
    await setImmediate();
    yield bytes.subarray(at, at + chunk);
  }
}

describe.each(['xz', 'bzip2'])('%s', (program) => {
  test('is imported, as the layer that the plain tar is', async () => {
    const stored = await importRootfs(home, stream(packed(program, tar)));
    const plain = await importRootfs(home, stream(tar));
    expect(stored.layers).toEqual(plain.layers);
    expect(await hasLayer(home, stored.layers[0]?.diffId ?? '')).toBe(true);
  });

  test('is loaded, from a file and as a stream', async () => {
    const root = join(work, `root-${program}`);
    execFileSync('sh', ['-c', `mkdir -p "$0/etc" && echo ${program} > "$0/etc/a"`, root]);
    const image = { layers: [root], config: {}, reference: 'example.test/a:1' };
    const directory = join(work, `archive-${program}`);
    await writeDockerArchive(directory, image);
    const file = await pack(directory, `${directory}.tar`);
    execFileSync(program, ['-k', file]);
    const path = `${file}.${program === 'xz' ? 'xz' : 'bz2'}`;
    const [fromFile] = await loadArchive(home, path);
    const bytes = execFileSync('cat', [path]);
    const [fromStream] = await loadArchive(home, stream(bytes, 7));
    expect(fromFile?.references).toEqual(['example.test/a:1']);
    expect(fromStream?.image).toEqual(fromFile?.image);
  });

  test.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['damaged', (bytes: Buffer) => Buffer.from(bytes).fill(0x55, bytes.length >> 1)],
  ])('that is %s is refused, and nothing is left', async (_what, harm) => {
    const bytes = harm(packed(program, tar));
    const error = await failure(importRootfs(home, stream(bytes)));
    expect(error.code).toBe('archive-invalid');
    expect(error.message).toMatch(new RegExp(`^the archive is not a whole ${program} stream: `));
    expect(error.message).toMatch(/^[\x20-\x7e]+$/);
    expect(await readdir(home.partial())).toEqual([]);
  });

  test('unpacks no further than a layer may be', async () => {
    const bomb = packed(program, Buffer.alloc(40_000_000));
    const limits = { ...DEFAULT_LAYER_LIMITS, bytes: 1_000_000 };
    const imported = await failure(importRootfs(home, stream(bomb), { limits }));
    expect(imported.message).toMatch(/1000000 bytes|bytes/);
    const loaded = await failure(loadArchive(home, stream(bomb), { limits }));
    expect(loaded.message).toContain('1000000 bytes');
  });

  test('says what is missing where the program is not there', async () => {
    vi.stubEnv('PATH', '/nowhere');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const bytes = Buffer.from(
      program === 'xz' ? 'fd377a585a000004' : '425a6839314159265359',
      'hex',
    );
    expect(await failure(importRootfs(home, stream(bytes)))).toMatchObject({
      code: 'unsupported',
      message: `the archive is packed by ${program}, and the program ${program} is not there`,
      hint: `unpack it on the way: ${program} -dc < FILE`,
    });
  });
});

test('a refused layer ends its source before the import is over', async () => {
  const state = { ended: false };
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(Buffer.alloc(100_000, 'x'));
    } finally {
      await setImmediate();
      state.ended = true;
    }
  }
  expect((await failure(importRootfs(home, source()))).code).toBe('archive-invalid');
  expect(state.ended).toBe(true);
});

test('an error of the source is passed on as it is', async () => {
  const bytes = packed('xz', tar);
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield* stream(bytes.subarray(0, 50_000));
    throw new Error('the line broke');
  };
  const read = async (): Promise<void> => {
    for await (const chunk of unpackArchive(broken())) expect(chunk.length).toBeGreaterThan(0);
  };
  await expect(read()).rejects.toThrow('the line broke');
});

test('a reader that gives up ends the program and lets go of the source', async () => {
  let closed = false;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* stream(packed('xz', longBytes(3_000_000)));
    } finally {
      closed = true;
    }
  };
  for await (const chunk of unpackArchive(source())) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(closed).toBe(true);
});

test('xz that wants more memory than we give is refused', async () => {
  const bytes = packed('xz', tar, '--lzma2=dict=512MiB', '--memlimit-compress=0');
  const error = await failure(importRootfs(home, stream(bytes)));
  expect(error.message).toContain('Memory usage limit');
});

test.each([
  ['lz4', '04224d186440a7', 'unpack it on the way: lz4 -dc < FILE'],
  ['lzip', '4c5a495001', 'unpack it on the way: lzip -dc < FILE'],
  ['zip', '504b0304140000', 'give a tar, plain or packed by gzip, zstd, xz or bzip2'],
])('%s is named, and how to go on', async (name, magic, hint) => {
  const error = await failure(
    importRootfs(home, stream(Buffer.from(magic.padEnd(1200, '0'), 'hex'))),
  );
  expect(error).toMatchObject({ message: `the archive is packed by ${name}`, hint });
});

test('noise is told without a byte of it', async () => {
  const error = await failure(importRootfs(home, stream(Buffer.alloc(2048, 0x9c))));
  expect(error.message).toBe(
    'not a tar of a root file system: layer entry "(no header)": the header checksum is wrong',
  );
});

async function failure(promise: Promise<unknown>): Promise<BoxliteError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof BoxliteError) return error;
  throw error;
}

test('of what follows the end of an archive no more than padding is read', async () => {
  const root = join(work, 'root-padded');
  execFileSync('sh', ['-c', 'mkdir -p "$0/etc" && echo padded > "$0/etc/a"', root]);
  const directory = join(work, 'archive-padded');
  await writeDockerArchive(directory, {
    layers: [root],
    config: {},
    reference: 'example.test/p:1',
  });
  const file = await pack(directory, `${directory}.tar`);
  let zeros = 0;
  const chunk = Buffer.alloc(2 ** 16);
  async function* padded(): AsyncGenerator<Uint8Array> {
    yield* stream(execFileSync('cat', [file]));
    for (; zeros < 2 ** 26; zeros += chunk.length) {
      await setImmediate();
      yield chunk;
    }
  }
  const [image] = await loadArchive(home, padded());
  expect(image?.references).toEqual(['example.test/p:1']);
  expect(zeros).toBeLessThan(2 ** 22);
});
