import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileError, limitError } from '../../src/errors.js';

function failure(path: string, doing: string): string {
  try {
    readFileSync(path);
  } catch (error) {
    return fileError(error, doing).message;
  }
  throw new Error(`${path} can be read`);
}

test.each([
  ['/no/such', 'read /no/such', "can't read /no/such: ENOENT: no such file or directory"],
  [
    '/no/such/part',
    'read the home',
    "can't read the home: ENOENT: no such file or directory, open '/no/such/part'",
  ],
  ['/', 'read /', "can't read /: EISDIR: illegal operation on a directory, read"],
])('a failed read of %s, said to be "%s"', (path, doing, message) => {
  expect(failure(path, doing)).toBe(message);
});

const systemError = (code: string): Error => Object.assign(new Error(`${code}: said`), { code });

test.each([
  ['ENOSPC', 'no-space', 'no space left on the host to write x'],
  ['EDQUOT', 'no-space', 'no space left on the host to write x'],
  ['EACCES', 'permission', 'not allowed to write x (EACCES)'],
  ['EROFS', 'permission', 'not allowed to write x (EROFS)'],
  ['ENOENT', 'path-not-found', "can't write x: ENOENT: said"],
  ['ENOTDIR', 'path-not-found', "can't write x: ENOTDIR: said"],
  ['EMFILE', 'host-limit', "can't write x: too many open files for one process (EMFILE)"],
  ['ENFILE', 'host-limit', "can't write x: too many open files on this host (ENFILE)"],
  ['EAGAIN', 'host-limit', "can't write x: no more processes or threads are allowed (EAGAIN)"],
  ['ENOMEM', 'host-limit', "can't write x: out of memory (ENOMEM)"],
  ['EIO', 'host-io', "can't write x: EIO: said"],
  ['EISDIR', 'host-io', "can't write x: EISDIR: said"],
])('%s is told as %s', (errno, code, message) => {
  const cause = systemError(errno);
  const error = fileError(cause, 'write x');
  expect(error).toMatchObject({ code, message, cause });
  if (code === 'host-limit') expect(error.hint).toMatch(/limit|fs\.file-max/);
});

test('only the end of what the host allows is taken for one', () => {
  expect(limitError(systemError('ENOENT'), 'write x')).toBeUndefined();
  expect(limitError(new Error('EMFILE'), 'write x')).toBeUndefined();
  expect(limitError('said', 'run y', 'EMFILE')?.message).toMatch(/^can't run y: too many/);
});
