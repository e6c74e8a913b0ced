import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Graph, graphFaults, LAYERS, partOf, readSources } from '../helpers/layers.js';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');

beforeAll(async () => {
  const objects = Object.keys(LAYERS).flatMap((program) =>
    partsOf(program).map((part) => `build/pie/${program}/${part}.o`),
  );
  await run('make', ['-s', '-C', native, ...objects], { maxBuffer: 1 << 24 });
}, 600_000);

/** An object needs another if it leaves a symbol undefined that the other defines. */
describe.each(Object.entries(LAYERS))('the objects of %s', (program, { order, replaces }) => {
  test('need nothing above them, and nothing in a circle', async () => {
    const graph = await objectGraph(program, replaces);
    expect([...graph.values()].some((needs) => needs.size > 0)).toBe(true);
    expect(graphFaults(graph, order)).toEqual([]);
  });
});

test('the symbols that the objects of the shim share are found', async () => {
  const graph = await objectGraph('shim');
  expect(graph.get('loop')).toContain('ending/ending');
  expect(graph.get('ending/ending')).toContain('relay/from-guest');
  expect(graph.get('box/records')).toEqual(
    new Set(['box/json', 'group/controllers', 'system/clock', 'system/write-whole']),
  );
});

test('the symbols that the objects of the guest share are found', async () => {
  const graph = await objectGraph('guest');
  expect(graph.get('session/loop')).toContain('session/handle');
  expect(graph.get('session/handle')).toContain('session/server');
});

test('two objects that need each other are found out, by a variable as by a function', () => {
  const graph = graphOf(
    new Map([
      ['low/a', '0000000000000000 T run\n                 U state\n                 U printf\n'],
      ['low/b', '0000000000000000 B state\n                 U run\n0000000000000010 t own\n'],
      ['low/c', '                 U own\n'],
    ]),
  );
  expect(graphFaults(graph, ['low'])).toEqual(['a circle: low/a, low/b']);
  expect(graph.get('low/c')).toEqual(new Set());
});

test('an object that needs one above it is found out', () => {
  const graph = graphOf(
    new Map([
      ['low/a', '                 U serve\n'],
      ['high/b', '0000000000000000 T serve\n'],
    ]),
  );
  expect(graphFaults(graph, ['low', 'high'])).toEqual([
    'low/a needs high/b, which stands above it',
  ]);
});

const partsOf = (program: string): string[] =>
  [...readSources(program).keys()].filter((path) => path.endsWith('.c')).map(partOf);

async function objectGraph(program: string, replaced?: readonly string[]): Promise<Graph> {
  const parts = partsOf(program);
  const folder = join(native, 'build/pie', program);
  const objects = parts.map((part) => `${part}.o`);
  const { stdout } = await run('nm', objects, { cwd: folder, maxBuffer: 1 << 24 });
  const symbols = new Map(
    stdout.split(/^(?=\S+\.o:$)/m).flatMap((text) => {
      const path = /^(\S+\.o):$/m.exec(text)?.[1];
      return path === undefined ? [] : [[partOf(path), text] as const];
    }),
  );
  expect([...symbols.keys()]).toEqual(parts);
  return graphOf(symbols, replaced);
}

/** @param symbols nm's output for each part's object; a small letter stands for a local symbol */
function graphOf(symbols: ReadonlyMap<string, string>, replaced: readonly string[] = []): Graph {
  const namesOf = (text: string, kind: RegExp): string[] =>
    [...text.matchAll(/^[\da-f ]{16} (\w) (\S+)$/gm)].flatMap(([, type = '', name = '']) =>
      kind.test(type) ? [name] : [],
    );
  const owners = new Map(
    [...symbols].flatMap(([part, text]) =>
      namesOf(text, /[A-TV-Z]/)
        .filter((name) => !replaced.includes(name))
        .map((name) => [name, part] as const),
    ),
  );
  return new Map(
    [...symbols].map(([part, text]) => {
      const needed = namesOf(text, /U/).map((name) => owners.get(name));
      return [part, new Set(needed.filter((owner) => owner !== undefined && owner !== part))];
    }),
  ) as Graph;
}
