import type { BoxOptions, TmpfsSpec } from '../../engine/spec/options.js';
import { isHostVolume } from '../../engine/spec/volumes/volume-spec.js';
import { parseMount } from './mount.js';
import { parseVolume } from './volume.js';

/**
 * The engine's options for `-v`, `--mount` and `--tmpfs`; empty if none is given.
 * @param watches what is mounted of the host is watched unless it says otherwise
 */
export function readMounts(
  volumes: readonly string[],
  mounts: readonly string[],
  tmpfs: readonly string[],
  watches = false,
): Pick<BoxOptions, 'volumes' | 'tmpfs'> {
  const parsed = mounts.map(parseMount);
  const all = {
    volumes: [
      ...volumes.map(parseVolume),
      ...parsed.flatMap((each) => ('volume' in each ? [each.volume] : [])),
    ].map((each) => (watches && isHostVolume(each) ? { watch: true, ...each } : each)),
    tmpfs: [
      ...parsed.flatMap((each) => ('tmpfs' in each ? [each.tmpfs] : [])),
      ...tmpfs.map(parseTmpfs),
    ],
  };
  return {
    ...(all.volumes.length > 0 && { volumes: all.volumes }),
    ...(all.tmpfs.length > 0 && { tmpfs: all.tmpfs }),
  };
}

/** `PATH[:OPTIONS]`; the engine checks the options. */
export function parseTmpfs(text: string): TmpfsSpec {
  const at = text.indexOf(':');
  if (at === -1) return { guestPath: text };
  return { guestPath: text.slice(0, at), options: text.slice(at + 1) };
}
