import type { BoxSpec } from '../box-spec.js';

/** The name as in `--network`. */
export const networkName = ({ network }: Pick<BoxSpec, 'network'>): string =>
  network ? 'default' : 'none';

/** A box that does not run, or has no network, has no ports (Docker's rule). */
export function livePorts(
  { exposedPorts = [], network }: Pick<BoxSpec, 'exposedPorts' | 'network'>,
  running: boolean,
): readonly string[] {
  return running && network ? exposedPorts : [];
}
