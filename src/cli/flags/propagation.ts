import { BoxliteError } from '../../errors.js';

const PROPAGATIONS = new Set(['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate']);

export const isPropagation = (word: string): boolean => PROPAGATIONS.has(word);

/**
 * A mount that appears below a volume later would escape the volume's limits: read-only, no devices, owners.
 */
export function refusePropagation(word: string): void {
  if (!isPropagation(word) || word.endsWith('private')) return;
  throw new BoxliteError(
    'unsupported',
    `mounts of the host made later can't reach a box, nor its own the host (${word})`,
    {
      hint: 'leave it out: rprivate is what there is, with all that is mounted there at the start',
    },
  );
}
