import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { absolutePath, makeDirectories } from '../../../src/host/host-path.js';

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-path-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('directories', () => {
  test('are made with those above them, and may be there already', () => {
    const path = join(scratch(), 'a', 'b', 'c');
    makeDirectories(path, 0o700);
    makeDirectories(path, 0o755);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    makeDirectories('/', 0o700);
  });

  test.each(['/proc/nope', '/proc/nope/deeper/still', '/proc/self/fd/nope'])(
    'where none can be made end with the reason: %s',
    (path) => {
      expect(() => makeDirectories(path, 0o700)).toThrow(/^E[A-Z]+: .*mkdir '\/proc\/(nope|self)/);
    },
  );

  test('are not made where or below where a file is', () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    expect(() => makeDirectories(file, 0o700)).toThrow(/^EEXIST/);
    expect(() => makeDirectories(join(file, 'x'), 0o700)).toThrow(/^ENOTDIR/);
  });
});

test.each([
  ['/a/../b', '/b'],
  ['x', join(process.cwd(), 'x')],
])('%s is, from the working directory, %s', (path, absolute) => {
  expect(absolutePath(path)).toBe(absolute);
});
