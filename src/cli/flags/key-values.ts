import { readFileSync } from 'node:fs';
import { BoxliteError, fileError } from '../../errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables of `--env-file` and `-e`, in Docker's order (files first), as `K=V`. A bare `K` takes
 * the caller's value; `onUnset` is told of one that has none, which is dropped.
 */
export function readEnvironment(
  files: readonly string[],
  values: readonly string[],
  caller: Environment,
  onUnset: (name: string) => void,
): string[] {
  const lines = [...files.flatMap((file) => readKeyValueFile(file, 'variable')), ...values];
  const found: string[] = [];
  for (const line of lines) {
    const name = line.split('=', 1)[0] ?? '';
    if (name === '')
      throw new BoxliteError('invalid-argument', `invalid environment variable: "${line}"`);
    if (line.includes('=')) found.push(line);
    else if (caller[name] !== undefined) found.push(`${name}=${caller[name]}`);
    else onUnset(name);
  }
  return found;
}

/** The labels of `--label-file` and `--label`; the last of a key counts, a bare key has an empty value. */
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

/** At the first `=`; nothing behind it, or no sign at all, is an empty value. */
export function splitPair(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Lines of `K=V` or `K`; blank ones and those that begin with `#` are skipped, quotes mean nothing. */
function readKeyValueFile(file: string, noun: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, `read ${file}`);
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  return lines.flatMap((raw, index) => {
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
