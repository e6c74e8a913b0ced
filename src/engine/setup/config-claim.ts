import { withClaim } from '../../host/claim.js';

/** Runs `work` while nobody else changes this configuration file, in whichever home it is. */
export function withConfigClaim<T>(path: string, work: () => Promise<T>): Promise<T> {
  return withClaim(`${path}.lock`, { what: path }, work);
}
