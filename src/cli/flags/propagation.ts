import { BoxliteError } from '../../errors.js';

const PROPAGATIONS = new Set(['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate']);

export const isPropagation = (word: string): boolean => PROPAGATIONS.has(word);

/**
 * A mount that reaches a slave is as it is on the host: the attributes of the mount that it arrives below (read-only,
 * no devices, mapped owners) do not count for it, and nothing can set them before the VMM sees it.
 */
export function refusePropagation(word: string): void {
  if (!isPropagation(word) || word.endsWith('private')) return;
  throw new BoxliteError(
    'unsupported',
    word.endsWith('slave')
      ? `a mount that the host makes below a volume later would escape its limits: read-only, owners, no devices (${word})`
      : `a mount that a box makes stays in its machine, so the host can't see it (${word})`,
    {
      hint: 'leave it out: what is mounted there when the box starts comes with the volume (rprivate)',
    },
  );
}
