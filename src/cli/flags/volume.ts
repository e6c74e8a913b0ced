/** Parses `-v` by Docker's rules (volume/mounts/linux_parser.go). */
import { isAbsolute } from 'node:path';
import { checkVolumeName } from '../../engine/spec/volumes/volume-name.js';
import type { VolumeSpec } from '../../engine/spec/volumes/volume-spec.js';
import { BoxliteError } from '../../errors.js';
import { absolutePath } from '../../host/host-path.js';
import { isPropagation, refusePropagation } from './propagation.js';

/** Modes without an effect here: there is no SELinux label to set, and only one way of sharing. */
const MODES_WITHOUT_EFFECT = new Set([
  'z',
  'Z',
  'cached',
  'delegated',
  'consistent',
  'rprivate',
  'private',
]);
/** Nothing of the image is copied into the volume. */
const NO_COPY = 'nocopy';
/** What the host changes is noticed in the box. */
const WATCH = 'watch';
const NO_WATCH = 'nowatch';
const OWN_WORDS = [NO_COPY, WATCH, NO_WATCH];

/** `[HOST|NAME:]BOX[:ro|rw][,watch|nowatch]`; a missing HOST or NAME is created. */
export function parseVolume(text: string): VolumeSpec {
  const [source = '', target, mode, ...rest] = text.split(':');
  if (source === '' || rest.length > 0) throw invalidVolume(text);
  if (target === undefined) return { guestPath: absoluteTarget(text, source) };
  // `/box:ro` names neither a host path nor a volume.
  if (mode === undefined && isMode(target)) throw invalidVolume(text);
  const words = (mode ?? '').split(',');
  if (mode !== undefined && !isMode(mode))
    throw new BoxliteError('invalid-argument', `invalid mode: ${mode}`, {
      hint: 'ro, rw, nocopy, watch or nowatch',
    });
  words.forEach(refusePropagation);
  const place = {
    ...{ guestPath: absoluteTarget(text, target), readOnly: words.includes('ro') },
    ...(words.includes(WATCH) && { watch: true }),
    ...(words.includes(NO_WATCH) && { watch: false }),
  };
  const noCopy = words.includes(NO_COPY);
  const path = hostPathOf(source);
  if (path === undefined)
    return { name: checkVolumeName(source), ...place, ...(noCopy && { noCopy }) };
  if (noCopy)
    throw new BoxliteError(
      'invalid-argument',
      `invalid mode: ${mode}: nothing is copied into a directory of the host anyhow`,
      { hint: `leave out ${NO_COPY}` },
    );
  return { hostPath: path, ...place, createHostPath: true };
}

function absoluteTarget(text: string, target: string): string {
  if (target.startsWith('/')) return target;
  throw new BoxliteError(
    'invalid-argument',
    `invalid volume specification: '${text}': invalid mount path: '${target}' mount path must be absolute`,
  );
}

/** A path begins with `/` or `.`, relative to the working directory; undefined: the name of a volume. */
export function hostPathOf(source: string): string | undefined {
  if (isAbsolute(source)) return source;
  const isRelative =
    source === '.' || source === '..' || source.startsWith('./') || source.startsWith('../');
  return isRelative ? absolutePath(source) : undefined;
}

function isMode(text: string): boolean {
  if (text === '') return true;
  const words = text.split(',');
  const access = words.filter((word) => word === 'ro' || word === 'rw');
  const others = words.filter((word) => word !== 'ro' && word !== 'rw');
  const known = (word: string): boolean =>
    MODES_WITHOUT_EFFECT.has(word) || isPropagation(word) || OWN_WORDS.includes(word);
  const contradicts = words.includes(WATCH) && words.includes(NO_WATCH);
  return access.length <= 1 && !contradicts && others.every(known);
}

function invalidVolume(text: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid volume specification: '${text}'`, {
    hint: 'HOST:BOX, NAME:BOX, either with :ro, or BOX; --mount takes paths that hold a colon',
  });
}
