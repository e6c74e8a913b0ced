import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BoxliteError } from '../../src/errors.js';
import { Home } from '../../src/host/home.js';
import { storeLayer } from '../../src/image/store/layer-store.js';
import { type TarEntry, TarReader } from '../../src/image/tar/reader.js';
import { readErofs } from '../helpers/erofs-reader.js';
import { nextDigest, readDisk } from '../helpers/host-disk.js';
import { mutateTar } from './mutate-tar.js';
import type { Random } from './random.js';
import { FUZZ_TIMEOUT_MS, rounds } from './rounds.js';

const CORPUS = fileURLToPath(new URL('corpus/tar/', import.meta.url));
const corpus = readdirSync(CORPUS).map((name) => readFileSync(join(CORPUS, name)));
/** A disk of more would only cost time. */
const LIMITS = { bytes: 1 << 20, entries: 1000 };

let home: Home;
beforeAll(async () => {
  home = new Home(await mkdtemp(join(tmpdir(), 'boxlite-fuzz-')));
});
afterAll(() => rm(home.root, { recursive: true, force: true }));

const mutated = (random: Random): Buffer =>
  mutateTar(random, random.pick(corpus), random.pick(corpus));

/** What a handler is told, with the bytes of runs joined, or the error. */
function read(archive: Buffer, chunkBytes: () => number): { told: unknown[]; error?: string } {
  const told: (TarEntry | { data: string } | { hole: number } | 'done')[] = [];
  let expected = 0;
  let got = 0;
  const reader = new TarReader({
    entry: (entry) => {
      expect(got).toBe(expected);
      expect(entry.size).toBeGreaterThanOrEqual(0);
      expect(entry.mtimeNsec).toBeLessThan(1e9);
      told.push({ ...entry });
      [expected, got] = [entry.size, 0];
    },
    data: (bytes) => {
      got += bytes.length;
      const last = told.at(-1);
      if (typeof last === 'object' && 'data' in last) last.data += bytes.toString('latin1');
      else told.push({ data: bytes.toString('latin1') });
    },
    hole: (bytes) => {
      expect(bytes).toBeGreaterThan(0);
      got += bytes;
      told.push({ hole: bytes });
    },
    done: () => void told.push('done'),
  });
  try {
    for (let at = 0, length = 0; at < archive.length; at += length) {
      length = chunkBytes();
      reader.push(archive.subarray(at, at + length));
    }
    reader.end();
    expect(got).toBe(expected);
    return { told };
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    expect(error.code).toBe('layer-invalid');
    return { told, error: error.message };
  }
}

describe('the corpus', () => {
  it.each(readdirSync(CORPUS))('has %s, which is a layer', async (name) => {
    const archive = readFileSync(join(CORPUS, name));
    const { diffId } = await storeLayer(home, from([archive]), {});
    expect(readErofs(await readDisk(home, nextDigest(), [diffId])).size).toBeGreaterThan(1);
  });
});

describe('an archive with anything wrong', () => {
  it(
    'is read alike from chunks of any size, or refused for the same reason',
    () =>
      rounds(1000, (random) => {
        const archive = mutated(random);
        const whole = read(archive, () => Math.max(archive.length, 1));
        const most = random.pick([1, 100, 512, 5000]);
        expect(read(archive, () => random.between(1, most))).toEqual(whole);
      }),
    FUZZ_TIMEOUT_MS,
  );

  it(
    'is refused by a rule, or makes a disk that reads back',
    async () => {
      let made = 0;
      await rounds(250, async (random) => {
        const layers = Array.from({ length: random.between(1, 3) }, () => mutated(random));
        try {
          const diffIds: string[] = [];
          for (const layer of layers)
            diffIds.push((await storeLayer(home, from([layer]), {}, LIMITS)).diffId);
          const disk = await readDisk(home, nextDigest(), diffIds);
          expect(readErofs(disk).get('')).toMatchObject({ kind: 'directory' });
          made++;
        } catch (error) {
          if (!(error instanceof BoxliteError)) throw error;
          expect(error.code).toBe('layer-invalid');
          // Whatever a name holds, its message stays on one line and drives no terminal.
          expect(error.message).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        } finally {
          for (const directory of [home.layers(), home.disks()])
            await rm(directory, { recursive: true, force: true });
        }
      });
      // Were all refused, this would test little.
      expect(made).toBeGreaterThan(0);
    },
    FUZZ_TIMEOUT_MS,
  );
});

async function* from(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* await Promise.resolve(chunks);
}
