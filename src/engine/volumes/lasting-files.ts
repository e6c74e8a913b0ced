import type { BoxRecord } from '../../store/box-record.js';
import { specOf } from '../spec/stored-spec.js';
import { isImageMount, isVolumeMount } from '../spec/volumes/box-volume.js';
import type { EngineContext } from '../state/context.js';

/**
 * Whether a box's machine may hold what is to outlive the box: pages of its volumes, and of the host's files, that
 * it has not written back.
 * @param withAnonymous its anonymous volumes go with it
 */
export function hasLastingFiles(
  { database }: EngineContext,
  { options }: BoxRecord,
  withAnonymous: boolean,
): boolean {
  return specOf(options).volumes.some((mount) => {
    if (isImageMount(mount) || mount.readOnly) return false;
    if (!isVolumeMount(mount) || mount.unnamed !== true || !withAnonymous) return true;
    return database().volumeUses.ofVolume(mount.name).length > 1;
  });
}
