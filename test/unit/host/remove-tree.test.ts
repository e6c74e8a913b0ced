import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { removeTree } from '../../../src/host/remove-tree.js';

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'boxlite-tree-'));
  // Node's own removal has the kernel's limit for a path.
  onTestFinished(() => void execFileSync('rm', ['-rf', path]));
  return path;
}

test('a tree deeper than a path may be long is deleted', async () => {
  const root = join(temporary(), 'tree');
  const name = 'n'.repeat(250);
  const script =
    'mkdir "$1" && cd -P "$1" && for i in $(seq 40); do mkdir "$2" && cd -P "$2"; done';
  execFileSync('sh', ['-ec', `${script}; echo > file`, 'sh', root, name]);
  await removeTree(root);
  expect(existsSync(root)).toBe(false);
});

test('closed directories are deleted, and what links lead to stays', async () => {
  const directory = temporary();
  const root = join(directory, 'tree');
  mkdirSync(join(root, 'shut/inner'), { recursive: true });
  mkdirSync(join(directory, 'other'));
  symlinkSync('../other', join(root, 'link'));
  chmodSync(join(root, 'shut'), 0);
  await removeTree(root);
  expect(existsSync(root)).toBe(false);
  expect(existsSync(join(directory, 'other'))).toBe(true);
});

test('a missing one is no error, nor are two deletions at once', async () => {
  const root = join(temporary(), 'tree');
  await removeTree(root);
  for (let index = 0; index < 50; index++)
    mkdirSync(join(root, `${index}/inner`), { recursive: true });
  await Promise.all([removeTree(root), removeTree(root)]);
  expect(existsSync(root)).toBe(false);
});
