import { Random } from '../random.js';

/** Most bytes of an input that is made up. */
const MOST_BYTES = 32_768;
/** A parser that needs longer for so little is one that a hostile input holds up. */
const MOST_MS = 2_000;

export interface Parser {
  /** Pieces of the format, to put into inputs. */
  words: readonly string[];
  /** Throws what is not the parser's own refusal, and when a promise about it does not hold. */
  parse(bytes: Buffer): void | Promise<void>;
}

export class Finding extends Error {
  constructor(
    readonly input: Buffer,
    cause: unknown,
  ) {
    super(`${String(cause)}, for ${input.toString('base64')}`, { cause });
  }
}

/** @throws Finding */
export async function tryInput(parser: Parser, input: Buffer): Promise<void> {
  const from = performance.now();
  try {
    await parser.parse(Buffer.from(input));
  } catch (error) {
    throw new Finding(input, error);
  }
  const ms = performance.now() - from;
  if (ms > MOST_MS) throw new Finding(input, `${Math.round(ms)} ms`);
}

export interface Outcome {
  runs: number;
  /** Branches that some input has reached. */
  reached: number;
  /** The corpus, and what has reached more than it. */
  kept: Buffer[];
}

/**
 * Tries inputs until the time is over, keeping those that take a branch that none before has taken, or take it
 * another number of times (in powers of two), to change them further.
 * @throws Finding
 */
export async function search(
  parser: Parser,
  corpus: readonly Buffer[],
  counters: Uint8Array,
  { seed, seconds }: { seed: number; seconds: number },
): Promise<Outcome> {
  const random = new Random(seed);
  const seen = new Uint8Array(counters.length);
  const kept: Buffer[] = [];
  let runs = 0;
  const attempt = async (input: Buffer): Promise<void> => {
    counters.fill(0);
    await tryInput(parser, input);
    runs++;
    if (addTo(seen, counters) || kept.length === 0) kept.push(input);
  };
  for (const input of corpus.length > 0 ? corpus : [Buffer.alloc(0)]) await attempt(input);
  for (const until = Date.now() + seconds * 1000; Date.now() < until;)
    await attempt(mutate(random, random.pick(kept), random.pick(kept), parser.words));
  return { runs, reached: seen.filter((bits) => bits > 0).length, kept };
}

/** A bit for each power of two of a branch's count. @returns whether there is a new one */
function addTo(seen: Uint8Array, counters: Uint8Array): boolean {
  let isNew = false;
  for (let index = 0; index < counters.length; index++) {
    const count = counters[index] ?? 0;
    if (count === 0) continue;
    const bit = 1 << (31 - Math.clz32(count));
    const before = seen[index] ?? 0;
    if (before & bit) continue;
    seen[index] = before | bit;
    isNew = true;
  }
  return isNew;
}

/** An input with a few things changed. */
export function mutate(
  random: Random,
  input: Buffer,
  other: Buffer,
  words: readonly string[],
): Buffer {
  let mutated = input;
  for (let times = 1 + random.size(6); times > 0; times--)
    mutated = random.pick(MUTATIONS)(random, mutated, other, words);
  return mutated.subarray(0, MOST_BYTES);
}

type Mutation = (random: Random, input: Buffer, other: Buffer, words: readonly string[]) => Buffer;

const NUMBERS = ['0', '1', '-1', '255', '65536', '4294967296', '9007199254740993', '1e999', '٣'];

const MUTATIONS: readonly Mutation[] = [
  (random, input) => {
    if (input.length === 0) return input;
    const copy = Buffer.from(input);
    copy.writeUInt8(random.below(256), random.below(copy.length));
    return copy;
  },
  (random, input) => {
    if (input.length === 0) return input;
    const copy = Buffer.from(input);
    const at = random.below(copy.length);
    copy.writeUInt8((copy.readUInt8(at) ^ (1 << random.below(8))) & 255, at);
    return copy;
  },
  (random, input) => splice(random, input, random.size(32), Buffer.alloc(0)),
  (random, input) => splice(random, input, random.size(8), random.bytes(random.size(16))),
  (random, input) => splice(random, input, random.size(16), Buffer.from(random.pick(NUMBERS))),
  (random, input, _, words) =>
    splice(random, input, random.size(16), Buffer.from(words.length ? random.pick(words) : '\0')),
  (random, input) => splice(random, input, 0, slice(random, input)),
  (random, input, other) => splice(random, input, random.size(64), slice(random, other)),
  (random, input, other) =>
    Buffer.concat([
      input.subarray(0, random.below(input.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]),
];

function splice(random: Random, input: Buffer, removed: number, added: Buffer): Buffer {
  const at = random.below(input.length + 1);
  return Buffer.concat([input.subarray(0, at), added, input.subarray(at + removed)]);
}

function slice(random: Random, input: Buffer): Buffer {
  const at = random.below(input.length + 1);
  return input.subarray(at, at + random.size(256));
}
