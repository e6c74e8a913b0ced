import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const MAX_LINES = 350;
const MAX_FILES = 20;

/** Where sources are, besides those in the root folder. */
const FOLDERS = ['bin', 'examples', 'native', 'src', 'test'];
/** Nobody edits these: what `make` builds, and what `npm run build:protocol` generates. */
const GENERATED = ['native/build', 'native/protocol/protocol.h', 'native/protocol/vectors'];

const files = [
  ...readdirSync('.', { withFileTypes: true }).flatMap((each) => (each.isFile() ? each.name : [])),
  ...FOLDERS.flatMap((folder) => filesBelow(folder)),
];

test('no source file is longer than a reader takes in at once', () => {
  const sources = files.filter((path) => /\.(c|h|js|mjs|sh|ts)$/.test(path));
  expect(sources.length).toBeGreaterThan(1000);
  expect(sources.filter((path) => isLong(readFileSync(path, 'utf8')))).toEqual([]);
});

test('no folder of src and native holds more files than a reader takes in at once', () => {
  const ours = files.filter((path) => /^(src|native)\//.test(path));
  expect(ours.length).toBeGreaterThan(500);
  expect(crowdedFolders(ours)).toEqual([]);
});

test('a long file is found, and one of the limit is not', () => {
  expect(isLong('x\n'.repeat(MAX_LINES))).toBe(false);
  expect(isLong('x\n'.repeat(MAX_LINES + 1))).toBe(true);
  expect(isLong(`${'x\n'.repeat(MAX_LINES)}x`)).toBe(true);
});

test('a crowded folder is found, whatever its files are, and its subfolders count for themselves', () => {
  const many = Array.from({ length: MAX_FILES }, (_, index) => `a/${index}.ts`);
  expect(crowdedFolders([...many, 'a/b/x.ts'])).toEqual([]);
  expect(crowdedFolders([...many, 'a/0.h'])).toEqual([`a holds ${MAX_FILES + 1} files`]);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
    const path = join(folder, each.name);
    if (GENERATED.includes(path)) return [];
    if (each.isFile()) return [path];
    return each.isDirectory() ? filesBelow(path) : [];
  });
}

const isLong = (text: string): boolean => text.replace(/\n$/, '').split('\n').length > MAX_LINES;

function crowdedFolders(paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > MAX_FILES)
    .map(([folder, count]) => `${folder} holds ${count} files`);
}
