import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const NATIVE = fileURLToPath(new URL('../../../native', import.meta.url));

/** What a user can't act on: our phases, the names of system calls, and numbers that only the kernel's headers tell. */
const INSIDES: readonly RegExp[] = [
  /^(jail|volumes): /,
  /^(fork|dup2?|chdir|mknod|symlink|mount|prctl|ioctl|setrlimit|socketpair|pipe2?)\b/,
  /resource limit %|capability %|(move|place) descriptor/,
];

it('shows nobody what only the authors understand', () => {
  const messages = sources().flatMap((path) =>
    formatsIn(readFileSync(path, 'utf8')).map((format) => ({
      file: relative(NATIVE, path),
      format,
    })),
  );
  expect(messages.length).toBeGreaterThan(400);
  expect(messages.filter(({ format }) => INSIDES.some((each) => each.test(format)))).toEqual([]);
});

it('ends no message of its own with a stop, and begins none with a capital of its own', () => {
  const formats = sources().flatMap((path) => formatsIn(readFileSync(path, 'utf8')));
  expect(formats.filter((format) => /[.!]$|^(The|A|An|It|Can't|No) /.test(format))).toEqual([]);
});

function sources(): string[] {
  return readdirSync(NATIVE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.c') && !path.startsWith('build/'))
    .map((path) => join(NATIVE, path));
}

/** The first text of each call that says why something failed. */
function formatsIn(source: string): string[] {
  const calls = /\berr_(?:set|errno)\([^"';{}]*"((?:[^"\\]|\\.)*)"/g;
  return [...source.matchAll(calls)].map(([, format = '']) => format);
}
