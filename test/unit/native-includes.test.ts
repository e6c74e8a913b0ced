import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The folders of a program, the lowest first: none includes a higher one. What stands beside them may include all. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  archive: ['outcome', 'tar', 'pack', 'unpack'],
  guest: ['wire', 'system', 'proc', 'command', 'box', 'boot', 'session'],
};

/** What of the other parts a program may include. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  archive: ['common', 'protocol'],
  guest: ['common', 'protocol', 'archive'],
};

const programs = Object.keys(FOLDERS);
const sources = new Map(
  programs.flatMap((program) =>
    readdirSync(join('native', program), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.[ch]$/.test(path))
      .map((path) => [`${program}/${path}`, readFileSync(join('native', program, path), 'utf8')]),
  ),
);

test.each(programs)('every folder of %s has its place in the order', (program) => {
  const found = [...sources.keys()].filter((path) => path.startsWith(`${program}/`)).map(folderOf);
  expect(new Set(found.filter((folder) => folder !== ''))).toEqual(new Set(FOLDERS[program]));
});

test('no folder of C includes a higher one, nor a part that is none of its own', () => {
  expect([...sources].flatMap(([path, text]) => faults(path, text))).toEqual([]);
});

test('no file of C includes itself by way of others', () => {
  expect(circle(sources)).toBeUndefined();
});

describe('a file that breaks a rule is found out', () => {
  test.each([
    ['guest/wire/a.h', '#include "../box/b.h"', 'includes guest/box/b.h'],
    [
      'guest/box/a.c',
      '#include <x.h>\n\n#  include "../session/b.h"',
      'includes guest/session/b.h',
    ],
    ['guest/box/a.c', '#include "../main.h"', 'includes guest/main.h'],
    ['guest/box/a.c', '#include "../../shim/b.h"', 'includes shim/b.h'],
    ['archive/pack/a.c', '#include "../unpack/b.h"', 'includes archive/unpack/b.h'],
    ['archive/tar/a.c', '#include "../../guest/b.h"', 'includes guest/b.h'],
  ])('%s with %j', (path, text, fault) => {
    expect(faults(path, text)).toEqual([`${path} ${fault}`]);
  });

  test('as a circle', () => {
    const round = new Map([
      ['guest/box/a.h', '#include "b.h"'],
      ['guest/box/b.h', '#include "../proc/c.h"'],
      ['guest/proc/c.h', '#include "../box/a.h"'],
    ]);
    expect(circle(round)).toEqual([
      ...['guest/box/a.h', 'guest/box/b.h', 'guest/proc/c.h', 'guest/box/a.h'],
    ]);
  });
});

test.each([
  ['guest/box/a.c', '#include "a.h"\n#include "../proc/b.h"\n#include "../../common/err.h"'],
  ['guest/main.c', '#include "session/server.h"'],
  ['guest/boot/a.c', '#include "../../archive/pack.h"'],
  ['guest/boot/a.c', '/* #include "../session/a.h" */'],
])('%s may hold %j', (path, text) => {
  expect(faults(path, text)).toEqual([]);
});

/** @param path of the file, relative to native */
function faults(path: string, text: string): string[] {
  const [program = ''] = path.split('/');
  return included(path, text)
    .filter((target) =>
      target.startsWith(`${program}/`)
        ? heightOf(target) > heightOf(path)
        : !OTHERS[program]?.some((part) => target.startsWith(`${part}/`)),
    )
    .map((target) => `${path} includes ${target}`);
}

function included(path: string, text: string): string[] {
  return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/gm)].map(([, name = '']) =>
    posix.join(posix.dirname(path), name),
  );
}

function heightOf(path: string): number {
  const order = FOLDERS[path.split('/')[0] ?? ''] ?? [];
  const folder = folderOf(path);
  return folder === '' ? order.length : order.indexOf(folder);
}

/** The folder below the program's own, '' for what stands in that. */
function folderOf(path: string): string {
  return path.split('/').slice(1, -1).join('/');
}

/** @returns the files of one circle, the first once more at the end */
function circle(files: ReadonlyMap<string, string>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
    const text = files.get(path);
    if (text === undefined || done.has(path)) return undefined;
    for (const target of included(path, text)) {
      const found = visit(target, [...above, path]);
      if (found !== undefined) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of files.keys()) {
    const found = visit(path, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
