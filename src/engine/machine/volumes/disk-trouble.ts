import { statfs } from 'node:fs/promises';
import { BoxliteError } from '../../../errors.js';
import type { Home } from '../../../host/home.js';
import type { BoxSpec } from '../../spec/box-spec.js';
import { isVolumeMount } from '../../spec/volumes/box-volume.js';

/** The error of a box whose disks could not be mounted, with what to do. A full host keeps ext4 from its journal. */
export async function hintingAtDisks(
  home: Home,
  { volumes }: Pick<BoxSpec, 'volumes'>,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof BoxliteError) || error.stage !== 'disks' || error.hint !== undefined)
    return error;
  const { bavail } = await statfs(home.root);
  if (bavail > 0 && !volumes.some(isVolumeMount)) return error;
  return new BoxliteError(error.code, error.message, {
    cause: error,
    stage: error.stage,
    hint:
      bavail === 0
        ? `free some space on the host's disk of ${home.root}`
        : 'a damaged volume stays as it is: bring back a copy of it, or make another with `volume import`',
  });
}
