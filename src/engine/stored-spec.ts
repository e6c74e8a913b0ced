import { BoxliteError } from '../errors.js';
import type { BoxSpec } from './box-spec.js';
import { NO_RESTART, type RestartPolicy } from './restart-policy.js';

/** The stored form, back. The store only ever holds what `settleSpec` made. */
export function specOf(stored: unknown): BoxSpec {
  if (typeof stored === 'object' && stored !== null && 'argv' in stored)
    return { volumes: [], tmpfs: [], ...stored } as BoxSpec & typeof stored;
  throw new BoxliteError('store-corrupt', 'the database holds a box without its options');
}

/** Of a stored spec; those of older boxes have none. */
export function restartPolicyOf(stored: unknown): RestartPolicy {
  return specOf(stored).restart ?? NO_RESTART;
}
