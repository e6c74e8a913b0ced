import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileError, limitError, namedFileError } from '../../src/errors.js';

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

test.each([
  ['ENOENT', 'path-not-found', "can't read x: no such file or directory"],
  ['ENOTDIR', 'path-not-found', "can't read x: a part of the path is not a directory"],
  ['EISDIR', 'invalid-argument', "can't read x: it is a directory"],
])('of a file that the caller named %s comes with a hint', (errno, code, message) => {
  const error = namedFileError(systemError(errno), 'x');
  expect(error).toMatchObject({ code, message });
  expect(error.hint).toMatch(/check the path|name a file/);
  expect(namedFileError(systemError('EIO'), 'x')).toMatchObject({ code: 'host-io' });
});

test('an empty path shows as such', () => {
  expect(namedFileError(systemError('ENOENT'), '').message).toMatch(/^can't read ""/);
});

test('only the end of what the host allows is taken for one', () => {
  expect(limitError(systemError('ENOENT'), 'write x')).toBeUndefined();
  expect(limitError(new Error('EMFILE'), 'write x')).toBeUndefined();
  expect(limitError('said', 'run y', 'EMFILE')?.message).toMatch(/^can't run y: too many/);
});
