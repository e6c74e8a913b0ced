import { describe, expect, test } from 'vitest';
import { boxPath, contentsOf, hostPath } from '../../../../src/engine/files/copy-path.js';

describe('a path of a box', () => {
  test.each([
    ['etc', '/etc'],
    ['/etc/', '/etc/'],
    ['/etc/.', '/etc/.'],
    ['', '/'],
    ['.', '/'],
    ['/', '/'],
    ['../../etc/../x', '/x'],
    ['a//b', '/a/b'],
    ['a/..', '/'],
  ])('%j is %j', (given, path) => {
    expect(boxPath(given)).toBe(path);
  });
});

describe('a path of the host', () => {
  test.each([
    ['x', '/x'],
    ['x/', '/x/'],
    ['x/.', '/x/.'],
    ['.', '/.'],
    ['./', '/'],
  ])('%j is %j of the working directory', (given, path) => {
    expect(hostPath(given)).toBe(`${process.cwd()}${path}`);
  });

  test.each(['', 'a\0b'])('%j is none', (path) => {
    expect(() => hostPath(path)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

test.each([
  ['/a', '/a/.'],
  ['/a/', '/a/.'],
  ['/a/.', '/a/.'],
  ['/', '/.'],
])('the contents of %j are %j', (path, contents) => {
  expect(contentsOf(path)).toBe(contents);
});
