import { BoxliteError } from '../errors.js';
import type { BoxSpec } from './box-spec.js';
import { SecurityOptions } from './security.js';
import { NO_RESTART, type RestartPolicy } from './restart-policy.js';

/** The stored form, back. The store only ever holds what `settleSpec` made, now or in an older version. */
export function specOf(stored: unknown): BoxSpec {
  if (typeof stored === 'object' && stored !== null && 'argv' in stored) {
    const spec = { volumes: [], tmpfs: [], ...stored } as BoxSpec & typeof stored;
    if (spec.security) spec.security = completed(spec.security);
    return spec;
  }
  throw new BoxliteError('store-corrupt', 'the database holds a box without its options');
}

/** A box that was made before its VMM's namespaces had a say is held to what it says of the VMM's user. */
function completed(
  stored: Pick<SecurityOptions, 'vmmUser'> & Partial<SecurityOptions>,
): SecurityOptions {
  return { ...SecurityOptions.standard(), vmmNamespaces: stored.vmmUser, ...stored };
}

/** Of a stored spec; those of older boxes have none. */
export function restartPolicyOf(stored: unknown): RestartPolicy {
  return specOf(stored).restart ?? NO_RESTART;
}
