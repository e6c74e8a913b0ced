/** What a box gets without a mount of its own for it: from other boxes, and for its image. */
import { BoxliteError } from '../../../errors.js';
import type { BoxSpec } from '../box-spec.js';
import { checkMountCount, checkTarget } from '../volumes.js';
import { type BoxVolume, isImageMount, isVolumeMount, isWeak } from './box-volume.js';

/** A box whose mounts another gets. */
export interface VolumesFrom {
  box: string;
  readOnly: boolean;
}

/** Modes that change nothing here. */
const MODES = new Set(['', 'rw', 'z', 'Z', 'rw,z', 'rw,Z']);
const READ_ONLY_MODES = new Set(['ro', 'ro,z', 'ro,Z']);

/** `BOX[:ro|rw]`. @throws invalid-argument, in Docker's words */
export function parseVolumesFrom(text: string): VolumesFrom {
  if (text === '')
    throw new BoxliteError(
      'invalid-argument',
      'volumes-from specification cannot be an empty string',
    );
  const [box = '', ...rest] = text.split(':');
  const mode = rest.join(':');
  const readOnly = READ_ONLY_MODES.has(mode);
  if (!readOnly && !MODES.has(mode))
    throw new BoxliteError('invalid-argument', `invalid mode: ${mode}`, { hint: 'ro or rw' });
  return { box, readOnly };
}

/**
 * The spec with other boxes' mounts and the image's volumes, wherever it has nothing mounted itself (Docker's
 * rule). Others' mounts replace its anonymous ones. Of several boxes, the last one counts.
 * @param sources the mounts of each box that `--volumes-from` named
 * @throws invalid-argument
 */
export function withInheritedMounts(
  spec: BoxSpec,
  sources: readonly { from: VolumesFrom; mounts: readonly BoxVolume[] }[],
): BoxSpec {
  const strong = spec.volumes.filter((mount) => !isWeak(mount));
  const own = new Set([...strong, ...spec.tmpfs].map(({ target }) => target));
  const inherited = new Map<string, BoxVolume>();
  for (const { from, mounts } of sources)
    for (const mount of mounts)
      if (!own.has(mount.target)) inherited.set(mount.target, inheritedMount(mount, from));
  const kept = spec.volumes.filter((mount) => !isWeak(mount) || !inherited.has(mount.target));
  const given = [...kept, ...inherited.values()];
  const taken = new Set([...given, ...spec.tmpfs].map(({ target }) => target));
  const volumes = [...given, ...imageVolumes(spec, taken)];
  checkMountCount(volumes, spec.tmpfs);
  return { ...spec, volumes };
}

/** What is there already: nothing of the image is copied into it. */
function inheritedMount(mount: BoxVolume, from: VolumesFrom): BoxVolume {
  const readOnly = mount.readOnly || from.readOnly;
  if (isImageMount(mount)) return { ...mount, given: 'box' };
  return isVolumeMount(mount)
    ? { ...mount, readOnly, noCopy: true, given: 'box' }
    : { ...mount, readOnly, given: 'box' };
}

function imageVolumes({ imageVolumes: paths = [] }: BoxSpec, taken: Set<string>): BoxVolume[] {
  return paths.flatMap((path): BoxVolume[] => {
    const target = targetOfImage(path);
    if (taken.has(target)) return [];
    taken.add(target);
    return [
      {
        type: 'volume',
        name: '',
        target,
        readOnly: false,
        noCopy: false,
        unnamed: true,
        given: 'image',
      },
    ];
  });
}

/** Docker takes a relative one from the root. */
function targetOfImage(path: string): string {
  try {
    return checkTarget('volume', path.startsWith('/') ? path : `/${path}`);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw new BoxliteError('invalid-argument', `the image's volume ${path}: ${error.message}`, {
      hint: 'use another image: this one can only be run with a fault',
      cause: error,
    });
  }
}
