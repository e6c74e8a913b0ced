import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileError } from '../../src/errors.js';

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
