/** The options of a volume, by the rules of Docker's driver `local`, and what BoxLite adds to them. */
import { BoxliteError } from '../../../errors.js';
import { DISK_BYTES } from '../../../image/disk/disk-size.js';
import type { VolumeKind } from '../../../store/volumes.js';
import { DEFAULT_DISK_BYTES, MIN_DISK_BYTES } from '../defaults.js';
import { inRange } from '../whole-number.js';
import { VOLUME_TYPES } from './volume-types.js';

export interface VolumeOptions {
  /** Default: 64 random hex digits; such a volume is anonymous. */
  name?: string;
  labels?: Record<string, string>;
  /**
   * `type`: `shared`, a directory of the host for any number of boxes at once, or `disk`, a file system of its
   * own for one box at a time. `size` of a disk: `20g`; default 10 GiB, which it takes only as it fills.
   */
  options?: Record<string, string>;
  /**
   * Name of a volume to copy, of whose type it is then. One of type disk must not be in use; what boxes write
   * to a shared one meanwhile may be missing.
   */
  from?: string;
}

export interface VolumeForm {
  kind: VolumeKind;
  /** Of a disk; null for a directory. */
  sizeBytes: number | null;
}

const UNITS = { b: 0, k: 10, m: 20, g: 30, t: 40 } as const;

/** @throws invalid-argument, unsupported */
export function settleVolumeOptions(
  options: Readonly<Record<string, string>>,
  defaultKind: VolumeKind,
): VolumeForm {
  for (const name of Object.keys(options)) {
    if (name === 'device' || name === 'o') throw hostMount(name);
    if (name !== 'type' && name !== 'size')
      throw new BoxliteError('invalid-argument', `invalid option: "${name}"`, {
        hint: 'options are type (shared or disk) and size (of a disk)',
      });
  }
  const kind = options.type === undefined ? defaultKind : kindOf(options.type);
  if (kind === 'disk') return { kind, sizeBytes: diskBytesOf(options.size) ?? DEFAULT_DISK_BYTES };
  if (options.size !== undefined)
    throw new BoxliteError('unsupported', 'a shared volume has no size of its own', {
      hint: 'give it type=disk too, or leave out size',
    });
  return { kind, sizeBytes: null };
}

/** @throws invalid-argument, unsupported */
function kindOf(type: string): VolumeKind {
  const kind = VOLUME_TYPES.find((each) => each === type);
  if (kind !== undefined) return kind;
  if (type === 'tmpfs')
    throw new BoxliteError('unsupported', 'a volume is not kept in memory (type=tmpfs)', {
      hint: 'give the box a file system in its memory: run --tmpfs /path',
    });
  if (type === 'none') throw hostMount('type');
  throw new BoxliteError(
    'unsupported',
    `a volume is a directory (type=shared) or a disk (type=disk), not ${type === '' ? '""' : type}`,
    { hint: 'mount file systems on the host, and give boxes the directory: run -v /path:/path' },
  );
}

function diskBytesOf(size: string | undefined): number | undefined {
  if (size === undefined) return undefined;
  const [, number, unit = 'b'] = /^(\d+(?:\.\d+)?) ?([bkmgt]?)(?:i?b)?$/i.exec(size) ?? [];
  if (number === undefined)
    throw new BoxliteError('invalid-argument', `invalid size: '${size}'`, {
      hint: 'such as 20g or 512m',
    });
  const power = UNITS[(unit.toLowerCase() || 'b') as keyof typeof UNITS];
  const bytes = Math.floor(Number(number) * 2 ** power);
  return inRange('volume size', bytes, MIN_DISK_BYTES, DISK_BYTES);
}

const hostMount = (option: string): BoxliteError =>
  new BoxliteError('unsupported', `a volume is not something of the host's (option ${option})`, {
    hint: 'mount a directory of the host itself: run -v /path/on/host:/path/in/box',
  });
