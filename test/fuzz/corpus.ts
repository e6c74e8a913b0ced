import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const pathOf = (name: string): string => join(import.meta.dirname, 'corpus', `${name}.txt`);

/** With it, `npm run fuzz` puts what reaches more than a corpus into its place. */
export const RENEWS = process.env.BOXLITE_FUZZ_RENEW !== undefined;

/** Most bytes of an input that is kept: what is longer says little more. */
const MOST_BYTES = 8_192;

/** What fuzzing one parser has found before, the shortest first; in the file one input a line, in base64. */
export function readCorpus(name: string): Buffer[] {
  const lines = readFileSync(pathOf(name), 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => Buffer.from(line, 'base64'));
}

export function writeCorpus(name: string, inputs: readonly Buffer[]): void {
  const lines = inputs
    .filter(({ length }) => length <= MOST_BYTES)
    .sort((a, b) => a.length - b.length || a.compare(b))
    .map((input) => `${input.toString('base64')}\n`);
  mkdirSync(dirname(pathOf(name)), { recursive: true });
  writeFileSync(pathOf(name), lines.join(''));
}
