import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const MAX_LINES = 350;
const MAX_FILES = 20;

/** Nobody reads it at once: src/build/generate.mjs writes it. */
const GENERATED = 'native/protocol/protocol.h';

const paths = ['src', 'native'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|[ch])$/.test(path) && !path.startsWith('build/'))
    .map((path) => join(folder, path)),
);

test('no source file is too long to be read at once', () => {
  expect(paths.length).toBeGreaterThan(100);
  expect(paths.filter((path) => path !== GENERATED && isLong(textOf(path)))).toEqual([]);
});

test('no folder holds more files than an eye takes in', () => {
  expect(crowded(paths)).toEqual([]);
});

test('a long file and a crowded folder are found out', () => {
  expect([MAX_LINES, MAX_LINES + 1].map((lines) => isLong('x\n'.repeat(lines)))).toEqual([
    ...[false, true],
  ]);
  const many = Array.from({ length: MAX_FILES }, (_, index) => `a/${index}.ts`);
  expect(crowded([...many, 'a/b/x.ts'])).toEqual([]);
  expect(crowded([...many, 'a/x.c'])).toEqual(['a']);
});

test('a C file and its header are one part', () => {
  const many = Array.from({ length: MAX_FILES }, (_, index) => `a/${index}`);
  expect(crowded(many.flatMap((part) => [`${part}.c`, `${part}.h`]))).toEqual([]);
});

const textOf = (path: string): string => readFileSync(path, 'utf8');

const isLong = (text: string): boolean => text.split('\n').length - 1 > MAX_LINES;

/** The folders with too many parts of their own; what is in their subfolders is not counted. */
function crowded(files: readonly string[]): string[] {
  const parts = new Set(files.map((path) => path.replace(/\.\w+$/, '')));
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(dirname(part), (counts.get(dirname(part)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > MAX_FILES).map(([folder]) => folder);
}
