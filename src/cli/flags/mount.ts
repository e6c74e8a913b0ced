/** Parses `--mount` by Docker's rules (opts/mount.go). */
import type { TmpfsSpec } from '../../engine/spec/options.js';
import { checkVolumeName } from '../../engine/spec/volumes/volume-name.js';
import type { NamedVolumeSpec, VolumeSpec } from '../../engine/spec/volumes/volume-spec.js';
import { BoxliteError } from '../../errors.js';
import { splitFields } from './comma-separated.js';
import { splitPair } from './key-values.js';
import { isPropagation, refusePropagation } from './propagation.js';
import { parseBytes } from './size.js';
import { hostPathOf } from './volume.js';

export type Mount = { volume: VolumeSpec } | { tmpfs: TmpfsSpec };

/** `type=bind|volume|image|tmpfs,target=…[,source=…][,readonly][,watch]`, with CSV quotes around a field that has a comma. */
export function parseMount(text: string): Mount {
  const fields: Fields = { single: new Map(), pairs: new Map() };
  for (const field of splitFields(text)) {
    const [key, value] = splitField(field);
    const name = NAMES.get(key);
    if (name === undefined) throw invalidMount(text, `unexpected key '${key}' in '${field}'`);
    if (value === undefined && !FLAGS.has(name))
      throw invalidMount(text, `invalid field '${field}' must be a key=value pair`);
    if (PAIRS.has(name)) addPair(fields, name, value ?? '');
    else fields.single.set(name, value ?? 'true');
  }
  const type = (fields.single.get('type') ?? 'volume').toLowerCase();
  if (!isType(type))
    throw invalidMount(
      text,
      `type must be ${TYPES.slice(0, -1).join(', ')} or tmpfs, not "${type}"`,
    );
  if ((fields.single.get('target') ?? '') === '') throw invalidMount(text, 'target is required');
  for (const name of [...fields.single.keys(), ...fields.pairs.keys()])
    if (/^(?:bind|image|tmpfs|volume)-/.test(name) && !name.startsWith(`${type}-`))
      throw invalidMount(
        text,
        `cannot mix '${name.split('-')[0]}-*' options with mount type '${type}'`,
      );
  if (type === 'tmpfs') return { tmpfs: inMemory(text, fields.single) };
  if (type === 'image') return { volume: image(text, fields.single) };
  return { volume: type === 'bind' ? bind(text, fields.single) : volume(text, fields) };
}

const TYPES = ['bind', 'volume', 'image', 'tmpfs'] as const;
const isType = (text: string): text is (typeof TYPES)[number] =>
  (TYPES as readonly string[]).includes(text);

interface Fields {
  single: Map<string, string>;
  /** Those that can be given several times, each with `KEY=VALUE`. */
  pairs: Map<string, Record<string, string>>;
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
  ['watch', 'watch'],
  ['consistency', 'consistency'],
  ['bind-propagation', 'bind-propagation'],
  ['bind-recursive', 'bind-recursive'],
  ['image-subpath', 'image-subpath'],
  ['tmpfs-size', 'tmpfs-size'],
  ['tmpfs-mode', 'tmpfs-mode'],
  ['volume-nocopy', 'volume-nocopy'],
  ['volume-subpath', 'volume-subpath'],
  ['volume-driver', 'volume-driver'],
  ['volume-label', 'volume-label'],
  ['volume-opt', 'volume-opt'],
]);
const FLAGS = new Set(['readonly', 'volume-nocopy', 'watch']);
const PAIRS = new Set(['volume-label', 'volume-opt']);
const BOOLEANS = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

function addPair({ pairs }: Fields, name: string, text: string): void {
  const [key, value] = splitPair(text);
  pairs.set(name, { ...pairs.get(name), [key]: value });
}

function volume(text: string, { single, pairs }: Fields): NamedVolumeSpec {
  const source = single.get('source') ?? '';
  const driver = single.get('volume-driver') ?? '';
  if (driver !== '' && driver !== 'local')
    throw new BoxliteError('unsupported', `volumes have the driver local, not ${driver}`, {
      hint: 'leave out volume-driver',
    });
  const noCopy = switchOf(text, single, 'volume-nocopy');
  const subpath = single.get('volume-subpath');
  const labels = pairs.get('volume-label');
  const options = pairs.get('volume-opt');
  return {
    ...(source !== '' && { name: checkVolumeName(source) }),
    guestPath: single.get('target') ?? '',
    readOnly: switchOf(text, single, 'readonly'),
    ...watchOf(text, single),
    ...(noCopy && { noCopy }),
    ...(subpath !== undefined && { subpath }),
    ...(labels && { labels }),
    ...(options && { options }),
    asMount: true,
  };
}

function bind(text: string, fields: ReadonlyMap<string, string>): VolumeSpec {
  const source = fields.get('source') ?? '';
  if (source === '') throw invalidMount(text, 'a bind mount needs a source');
  const propagation = fields.get('bind-propagation');
  if (propagation !== undefined && !isPropagation(propagation))
    throw invalidMount(text, `invalid propagation "${propagation}"`);
  refusePropagation(propagation ?? 'rprivate');
  const recursive = fields.get('bind-recursive') ?? 'enabled';
  if (recursive !== 'enabled' && recursive !== 'readonly')
    throw new BoxliteError(
      'unsupported',
      `what is mounted below a volume always comes with it (bind-recursive=${recursive})`,
    );
  const readOnly = switchOf(text, fields, 'readonly');
  const guestPath = fields.get('target') ?? '';
  return {
    ...{ hostPath: hostPathOf(source) ?? source, guestPath, readOnly },
    ...watchOf(text, fields),
    asMount: true,
  };
}

function image(text: string, fields: ReadonlyMap<string, string>): VolumeSpec {
  const source = fields.get('source') ?? '';
  if (source === '') throw invalidMount(text, 'an image mount needs a source');
  if (fields.has('readonly') && !switchOf(text, fields, 'readonly'))
    throw invalidMount(text, 'an image is mounted read-only');
  if (switchOf(text, fields, 'watch'))
    throw invalidMount(text, 'the host changes nothing in an image that could be watched');
  const subpath = fields.get('image-subpath');
  const guestPath = fields.get('target') ?? '';
  return { image: source, guestPath, ...(subpath !== undefined && { subpath }) };
}

function inMemory(text: string, fields: ReadonlyMap<string, string>): TmpfsSpec {
  if (fields.has('source')) throw invalidMount(text, 'a tmpfs has no source');
  if (switchOf(text, fields, 'watch'))
    throw invalidMount(text, 'the host changes nothing in a tmpfs that could be watched');
  const options: string[] = [];
  const mode = fields.get('tmpfs-mode');
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode))
    throw invalidMount(text, `invalid value for tmpfs-mode: ${mode}`);
  if (mode !== undefined) options.push(`mode=${mode}`);
  const size = fields.get('tmpfs-size');
  if (size !== undefined) options.push(`size=${sizeOf(text, size)}`);
  if (switchOf(text, fields, 'readonly')) options.push('ro');
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

const watchOf = (text: string, fields: ReadonlyMap<string, string>): { watch?: boolean } =>
  fields.has('watch') ? { watch: switchOf(text, fields, 'watch') } : {};

function switchOf(text: string, fields: ReadonlyMap<string, string>, name: string): boolean {
  const word = fields.get(name) ?? 'false';
  const isOn = BOOLEANS.get(word);
  if (isOn === undefined) throw invalidMount(text, `invalid value for ${name}: ${word}`);
  return isOn;
}

function splitField(field: string): [key: string, value: string | undefined] {
  const at = field.indexOf('=');
  if (at === -1) return [field.trim().toLowerCase(), undefined];
  return [field.slice(0, at).trim().toLowerCase(), field.slice(at + 1)];
}

function invalidMount(text: string, reason: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid argument "${text}" for --mount: ${reason}`);
}
