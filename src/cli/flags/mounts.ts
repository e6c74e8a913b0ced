/** Parses `-v`, `--mount` and `--tmpfs` by Docker's rules (opts/mount.go, volume/mounts/linux_parser.go). */
import { isAbsolute } from 'node:path';
import type { BoxOptions, TmpfsSpec, VolumeSpec } from '../../engine/spec/options.js';
import { BoxliteError } from '../../errors.js';
import { absolutePath } from '../../host/host-path.js';
import { splitFields } from './comma-separated.js';
import { parseBytes } from './size.js';

/** The engine's options for the three flags; empty if none is given. */
export function readMounts(
  volumes: readonly string[],
  mounts: readonly string[],
  tmpfs: readonly string[],
): Pick<BoxOptions, 'volumes' | 'tmpfs'> {
  const parsed = mounts.map(parseMount);
  const all = {
    volumes: [
      ...volumes.map(parseVolume),
      ...parsed.flatMap((each) => ('hostPath' in each ? [each] : [])),
    ],
    tmpfs: [
      ...parsed.flatMap((each) => ('hostPath' in each ? [] : [each])),
      ...tmpfs.map(parseTmpfs),
    ],
  };
  return {
    ...(all.volumes.length > 0 && { volumes: all.volumes }),
    ...(all.tmpfs.length > 0 && { tmpfs: all.tmpfs }),
  };
}

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
/** Docker accepts this mode for named volumes. */
const OF_NAMED_VOLUMES = 'nocopy';
const PROPAGATIONS = new Set(['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate']);

/** `HOST:BOX[:ro|rw]`; a missing HOST is created. */
export function parseVolume(text: string): VolumeSpec {
  const [source = '', target, mode, ...rest] = text.split(':');
  if (source === '' || rest.length > 0) throw invalidVolume(text);
  if (target === undefined) throw notYet('anonymous volumes', text);
  // `/box:ro` names no host path.
  if (mode === undefined && isMode(target)) throw invalidVolume(text);
  const words = (mode ?? '').split(',');
  if (mode !== undefined && !isMode(mode))
    throw new BoxliteError('invalid-argument', `invalid mode: ${mode}`, { hint: 'ro or rw' });
  words.forEach(refusePropagation);
  if (!target.startsWith('/'))
    throw new BoxliteError(
      'invalid-argument',
      `invalid volume specification: '${text}': invalid mount path: '${target}' mount path must be absolute`,
    );
  const path = hostPath(source);
  if (words.includes(OF_NAMED_VOLUMES))
    throw new BoxliteError(
      'invalid-argument',
      `invalid mode: ${mode}: nothing is copied into a directory of the host anyhow`,
      { hint: `leave out ${OF_NAMED_VOLUMES}` },
    );
  const readOnly = words.includes('ro');
  return { hostPath: path, guestPath: target, readOnly, createHostPath: true };
}

/** `type=bind|tmpfs,target=…[,source=…][,readonly]`, with CSV quotes around a field that has a comma. */
export function parseMount(text: string): VolumeSpec | TmpfsSpec {
  const fields = new Map<string, string>();
  for (const field of splitFields(text)) {
    const [key, value] = splitField(field);
    const name = NAMES.get(key);
    if (name === undefined) throw invalidMount(text, `unexpected key '${key}' in '${field}'`);
    if (value === undefined && !FLAGS.has(name))
      throw invalidMount(text, `invalid field '${field}' must be a key=value pair`);
    fields.set(name, value ?? 'true');
  }
  const type = (fields.get('type') ?? 'volume').toLowerCase();
  if (type === 'volume') throw notYet('named volumes', text);
  if (type !== 'bind' && type !== 'tmpfs')
    throw invalidMount(text, `type must be bind or tmpfs, not "${type}"`);
  if ((fields.get('target') ?? '') === '') throw invalidMount(text, 'target is required');
  for (const name of fields.keys())
    if (/^(?:bind|tmpfs)-/.test(name) && !name.startsWith(`${type}-`))
      throw invalidMount(
        text,
        `cannot mix '${name.split('-')[0]}-*' options with mount type '${type}'`,
      );
  return type === 'bind' ? bind(text, fields) : inMemory(text, fields);
}

/** `PATH[:OPTIONS]`; the engine checks the options. */
export function parseTmpfs(text: string): TmpfsSpec {
  const at = text.indexOf(':');
  if (at === -1) return { guestPath: text };
  return { guestPath: text.slice(0, at), options: text.slice(at + 1) };
}

const NAMES = new Map([
  ['type', 'type'],
  ['source', 'source'],
  ['src', 'source'],
  ['target', 'target'],
  ['dst', 'target'],
  ['destination', 'target'],
  ['readonly', 'readonly'],
  ['ro', 'readonly'],
  ['consistency', 'consistency'],
  ['bind-propagation', 'bind-propagation'],
  ['bind-recursive', 'bind-recursive'],
  ['tmpfs-size', 'tmpfs-size'],
  ['tmpfs-mode', 'tmpfs-mode'],
]);
const FLAGS = new Set(['readonly']);
const BOOLEANS = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

function bind(text: string, fields: ReadonlyMap<string, string>): VolumeSpec {
  const source = fields.get('source') ?? '';
  if (source === '') throw invalidMount(text, 'a bind mount needs a source');
  const propagation = fields.get('bind-propagation');
  if (propagation !== undefined && !PROPAGATIONS.has(propagation))
    throw invalidMount(text, `invalid propagation "${propagation}"`);
  refusePropagation(propagation ?? 'rprivate');
  const recursive = fields.get('bind-recursive') ?? 'enabled';
  if (recursive !== 'enabled' && recursive !== 'readonly')
    throw new BoxliteError(
      'unsupported',
      `what is mounted below a volume always comes with it (bind-recursive=${recursive})`,
    );
  const readOnly = readOnlyOf(text, fields);
  return { hostPath: hostPath(source), guestPath: fields.get('target') ?? '', readOnly };
}

function inMemory(text: string, fields: ReadonlyMap<string, string>): TmpfsSpec {
  if (fields.has('source')) throw invalidMount(text, 'a tmpfs has no source');
  const options: string[] = [];
  const mode = fields.get('tmpfs-mode');
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode))
    throw invalidMount(text, `invalid value for tmpfs-mode: ${mode}`);
  if (mode !== undefined) options.push(`mode=${mode}`);
  const size = fields.get('tmpfs-size');
  if (size !== undefined) options.push(`size=${sizeOf(text, size)}`);
  if (readOnlyOf(text, fields)) options.push('ro');
  const guestPath = fields.get('target') ?? '';
  return options.length === 0 ? { guestPath } : { guestPath, options: options.join(',') };
}

function sizeOf(text: string, size: string): number {
  try {
    return parseBytes(size);
  } catch {
    throw invalidMount(text, `invalid value for tmpfs-size: ${size}`);
  }
}

function readOnlyOf(text: string, fields: ReadonlyMap<string, string>): boolean {
  const word = fields.get('readonly') ?? 'false';
  const readOnly = BOOLEANS.get(word);
  if (readOnly === undefined) throw invalidMount(text, `invalid value for readonly: ${word}`);
  return readOnly;
}

/** A path if it begins with `/` or `.`, relative to the working directory; otherwise the name of a volume. */
function hostPath(source: string): string {
  if (isAbsolute(source)) return source;
  if (source === '.' || source === '..' || source.startsWith('./') || source.startsWith('../'))
    return absolutePath(source);
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source)) throw notYet('named volumes', source);
  throw new BoxliteError(
    'invalid-argument',
    `"${source}" includes invalid characters for a volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    { hint: `to mount a directory of the host, begin with ./ or /: ./${source}` },
  );
}

function isMode(text: string): boolean {
  if (text === '') return true;
  const words = text.split(',');
  const access = words.filter((word) => word === 'ro' || word === 'rw');
  const others = words.filter((word) => word !== 'ro' && word !== 'rw');
  const known = (word: string): boolean =>
    MODES_WITHOUT_EFFECT.has(word) || PROPAGATIONS.has(word) || word === OF_NAMED_VOLUMES;
  return access.length <= 1 && others.every(known);
}

/**
 * A mount that appears below a volume later would escape the volume's limits: read-only, no devices, owners.
 */
function refusePropagation(word: string): void {
  if (!PROPAGATIONS.has(word) || word.endsWith('private')) return;
  throw new BoxliteError(
    'unsupported',
    `mounts of the host made later can't reach a box, nor its own the host (${word})`,
    {
      hint: 'leave it out: rprivate is what there is, with all that is mounted there at the start',
    },
  );
}

function splitField(field: string): [key: string, value: string | undefined] {
  const at = field.indexOf('=');
  if (at === -1) return [field.trim().toLowerCase(), undefined];
  return [field.slice(0, at).trim().toLowerCase(), field.slice(at + 1)];
}

function notYet(what: string, name: string): BoxliteError {
  return new BoxliteError('unsupported', `${what} are not there yet: ${name}`, {
    hint: 'mount a directory of the host: -v /path/on/host:/path/in/box or -v ./here:/path/in/box',
  });
}

function invalidVolume(text: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid volume specification: '${text}'`, {
    hint: 'HOST:BOX or HOST:BOX:ro; --mount takes paths that hold a colon',
  });
}

function invalidMount(text: string, reason: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid argument "${text}" for --mount: ${reason}`);
}
