import type { BoxSpec } from '../box-spec.js';
import type { NetworkName } from './policy.js';
import { type PublishedPort, storedPorts } from './ports.js';

/** The name as in `--network`. */
export const networkName = ({
  network,
  policy,
}: Pick<BoxSpec, 'network' | 'policy'>): NetworkName =>
  network ? (policy?.network ?? 'default') : 'none';

export interface LivePorts {
  /** `80/tcp` each, the published ones included. */
  exposed: readonly string[];
  published: readonly PublishedPort[];
}

/**
 * A box that does not run, or has no network, has no ports (Docker's rule).
 * @param stored the record's ports
 */
export function livePorts(
  { exposedPorts = [], network }: Pick<BoxSpec, 'exposedPorts' | 'network'>,
  stored: unknown,
  running: boolean,
): LivePorts {
  if (!running || !network) return { exposed: [], published: [] };
  return { exposed: exposedPorts, published: storedPorts(stored) };
}
