import type { BoxSpec } from '../box-spec.js';

/** As `--network` calls it. */
export const networkName = ({ network }: Pick<BoxSpec, 'network'>): string =>
  network ? 'default' : 'none';

/** A box that does not run, or has no network, listens at no port (Docker's rule). */
export function livePorts(
  { exposedPorts = [], network }: Pick<BoxSpec, 'exposedPorts' | 'network'>,
  running: boolean,
): readonly string[] {
  return running && network ? exposedPorts : [];
}
