import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCorpus, RENEWS, writeCorpus } from './corpus.js';
import { instrumented } from './parsers/instrument.js';
import { PARSERS } from './parsers/parsers.js';
import { Finding, mutate, search, tryInput } from './parsers/search.js';
import { FUZZ_TIMEOUT_MS, rounds, SECONDS, SEED } from './rounds.js';

it('a search finds what several steps lead to', async () => {
  const counters = new Uint8Array(4);
  const parse = (bytes: Buffer): void => {
    let right = 0;
    while (right < counters.length && bytes[right] === 'FUZZ'.charCodeAt(right)) right++;
    counters.fill(1, 0, right);
    if (right === counters.length) throw new Error('found');
  };
  await expect(
    search({ words: [], parse }, [], counters, { seed: SEED, seconds: 60 }),
  ).rejects.toThrow(Finding);
});

describe.each(Object.entries(PARSERS))('the parser of %s', (name, parser) => {
  const corpus = readCorpus(`parsers/${name}`);

  it('keeps its promises for what has found faults and branches before', async () => {
    expect(corpus.length).toBeGreaterThan(2);
    for (const input of corpus) await tryInput(parser, input);
  });

  if (SECONDS === 0) {
    it('keeps them for what is like that', () =>
      rounds(300, (random) =>
        tryInput(parser, mutate(random, random.pick(corpus), random.pick(corpus), parser.words)),
      ));
    return;
  }

  it(
    'keeps them for all that a search by its branches finds',
    async () => {
      const { module, counters } = await instrumented<{ PARSERS: typeof PARSERS }>(
        join(import.meta.dirname, 'parsers/parsers.ts'),
      );
      try {
        const { runs, reached, kept } = await search(
          ...([module.PARSERS[name] ?? parser, corpus, counters] as const),
          { seed: SEED, seconds: SECONDS },
        );
        console.log(`${name}: ${runs} runs, ${reached} branches, ${kept.length} inputs`);
        expect(reached).toBeGreaterThan(5);
        if (RENEWS) writeCorpus(`parsers/${name}`, kept);
      } catch (error) {
        if (error instanceof Finding)
          writeFileSync(join(tmpdir(), `boxlite-found-${name}`), error.input);
        throw error;
      }
    },
    FUZZ_TIMEOUT_MS,
  );
});
