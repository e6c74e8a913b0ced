import { Random } from './random.js';

/** Decides everything that a run does; another one looks elsewhere. */
export const SEED = Number(process.env.BOXLITE_FUZZ_SEED ?? 1);
/** Without it a property is tried a fixed number of times, so that `npm test` is the same each time. */
export const SECONDS = Number(process.env.BOXLITE_FUZZ_SECONDS ?? 0);

/** For vitest: what a property may take. */
export const FUZZ_TIMEOUT_MS = SECONDS * 1000 + 300_000;

/**
 * Tries a property again and again, with other random numbers each time.
 * @param count rounds of a run without BOXLITE_FUZZ_SECONDS
 * @throws Error that says how to run the failing round alone
 */
export async function rounds(
  count: number,
  property: (random: Random) => Promise<void> | void,
): Promise<void> {
  const deadline = Date.now() + SECONDS * 1000;
  for (let seed = SEED; SECONDS > 0 ? Date.now() < deadline : seed < SEED + count; seed++) {
    try {
      await property(new Random(seed));
    } catch (error) {
      throw new Error(`found by BOXLITE_FUZZ_SEED=${seed} npm run fuzz`, { cause: error });
    }
  }
}
