import { randomInt } from 'node:crypto';
import { ADJECTIVES, SURNAMES } from './name-words.js';

/**
 * A name for a box created without one: `adjective_surname`. Some 15,000 names exist, so the caller must
 * handle one that is taken.
 * @param pick returns a number from 0 to below its argument
 */
export function randomName(pick: (below: number) => number = randomInt): string {
  return `${choose(ADJECTIVES, pick)}_${choose(SURNAMES, pick)}`;
}

function choose(words: readonly string[], pick: (below: number) => number): string {
  return words[pick(words.length)] ?? '';
}
