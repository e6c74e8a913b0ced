import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { BoxliteError, namedFileError } from '../../errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the variables of `--env-file` and `-e` as `K=V`, in Docker's order (files first). A bare `K` takes
 * the caller's value. If the caller has none, a bare `K` in a file is dropped, and `-e K` stays bare and
 * moves to the front: it removes the variable of the image or the box, but no variable that is set here.
 * @param onUnset receives the name of each `K` that is dropped
 */
export function readEnvironment(
  files: readonly string[],
  values: readonly string[],
  caller: Environment,
  onUnset: (name: string) => void,
): string[] {
  const removed: string[] = [];
  const found: string[] = [];
  const add = (line: string, onMissing: (name: string) => void): void => {
    const name = line.split('=', 1)[0] ?? '';
    if (name === '')
      throw new BoxliteError('invalid-argument', `invalid environment variable: "${line}"`);
    if (line.includes('=')) found.push(line);
    else if (caller[name] !== undefined) found.push(`${name}=${caller[name]}`);
    else onMissing(name);
  };
  for (const file of files)
    for (const line of readKeyValueFile(file, 'variable')) add(line, onUnset);
  for (const value of values) add(value, (name) => removed.push(name));
  return [...removed, ...found];
}

/** Reads the labels of `--label-file` and `--label`; the last value wins, a bare key has an empty value. */
export function readLabels(
  files: readonly string[],
  values: readonly string[],
): Record<string, string> {
  const labels = new Map<string, string>();
  for (const line of [...files.flatMap((file) => readKeyValueFile(file, 'label')), ...values]) {
    const [key, value] = splitPair(line);
    if (key === '') throw new BoxliteError('invalid-argument', `invalid label: "${line}"`);
    labels.set(key, value);
  }
  return Object.fromEntries(labels);
}

/** Splits at the first `=`; without a `=`, or with nothing after it, the value is empty. */
export function splitPair(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Reads lines of `K=V` or `K`; skips blank lines and those that begin with `#`. Quotes have no meaning. */
function readKeyValueFile(file: string, noun: string): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw namedFileError(error, file);
  }
  return readLines(bytes, file).flatMap((raw, index) => {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) return [];
    const key = line.split('=', 1)[0] ?? '';
    const where = `${file}:${index + 1}`;
    if (key.trim() === '')
      throw new BoxliteError('invalid-argument', `no ${noun} name in "${line}" (${where})`);
    if (/\s/.test(key))
      throw new BoxliteError(
        'invalid-argument',
        `${noun} '${key}' contains whitespaces (${where})`,
      );
    return [line];
  });
}

function readLines(bytes: Buffer, file: string): string[] {
  const lines = bytes.toString('latin1').split(/\r?\n/);
  return lines.map((line, index) => {
    const raw = Buffer.from(line, 'latin1');
    if (!isUtf8(raw))
      throw new BoxliteError('invalid-argument', `invalid UTF-8 in line ${index + 1} of ${file}`, {
        hint: 'save the file as UTF-8',
      });
    const text = raw.toString();
    return index === 0 ? text.replace(/^\uFEFF/, '') : text;
  });
}
