import { withClaim } from '../../host/claim.js';

/** Runs `work` while no other process changes this configuration file, whatever its home. */
export function withConfigClaim<T>(path: string, work: () => Promise<T>): Promise<T> {
  return withClaim(`${path}.lock`, { what: path }, work);
}
