import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Graph,
  graphFaults,
  LAYERS,
  type Layers,
  partOf,
  rankOf,
  readSources,
} from '../../helpers/layers.js';

type Sources = ReadonlyMap<string, string>;

describe.each(Object.entries(LAYERS))('the sources of %s', (program, layers) => {
  const sources = readSources(program);

  test('each stands in a folder that has its place in the order', () => {
    expect(sources.size).toBeGreaterThan(0);
    expect(placeFaults(sources, layers.order)).toEqual([]);
  });

  test('include only their own files, shared ones, and nothing above them', () => {
    expect(includeFaults(sources, layers)).toEqual([]);
  });

  test('call nothing above them, and nothing in a circle', () => {
    expect(callFaults(sources, layers.order)).toEqual([]);
  });

  test('pass no function down but by headers of the table', () => {
    expect(callbackFaults(sources)).toEqual(
      layers.callbacks.map((header) => `${header} takes a function`),
    );
  });
});

test('the calls of the shim are found', () => {
  const graph = callGraph(readSources('shim'));
  expect(graph.get('loop')).toContain('relay/clients');
  expect(graph.get('relay/clients')).toContain('relay/from-client');
  expect(graph.get('peers/client')).toContain('peers/guest-port');
});

describe('sources that break a rule are found out', () => {
  const order = ['low', 'high', 'main'];
  const layers: Layers = { order, others: ['common', 'below'], callbacks: [] };
  const inEach = { 'low/0.c': '', 'high/0.c': '', 'main.c': '' };
  const sources = (files: Record<string, string>): Sources => new Map(Object.entries(files));

  test('a folder that has no place', () => {
    expect(placeFaults(sources({ ...inEach, 'other/a.c': '' }), order)).toEqual([
      'other/a has no place',
    ]);
  });

  test('a place that no folder has', () => {
    expect(placeFaults(sources({ 'low/a.c': '', 'main.c': '' }), order)).toEqual([
      'high holds nothing',
    ]);
  });

  test.each([
    ['low/a.c', '#include "../high/b.h"', 'low/a needs high/b, which stands above it'],
    [
      'low/a.h',
      '#include <x.h>\n\n#  include "../high/b.h"',
      'low/a needs high/b, which stands above it',
    ],
    ['high/a.c', ' # include "../main.h"', 'high/a needs main, which stands above it'],
  ])('an include that leads up, in %s by %j', (path, text, fault) => {
    expect(includeFaults(sources({ [path]: text, 'high/b.h': '', 'main.h': '' }), layers)).toEqual([
      fault,
    ]);
  });

  test('two that include each other', () => {
    expect(
      includeFaults(sources({ 'low/a.h': '#include "b.h"', 'low/b.h': '#include "a.h"' }), layers),
    ).toEqual(['a circle: low/a, low/b']);
  });

  test('two parts of which each includes the other, though no file includes itself', () => {
    const files = { 'low/a.c': '#include "b.h"', 'low/a.h': '', 'low/b.h': '#include "a.h"' };
    expect(includeFaults(sources(files), layers)).toEqual(['a circle: low/a, low/b']);
  });

  test.each([
    ...['../../other/x.h', '../../belows/x.h', '../../common/x.c', '/usr/include/stdio.h'],
    ...['b.h', 'a.c', '../low/a.h'],
  ])('an include of %s', (path) => {
    const files = { 'low/a.c': '', 'low/a.h': `#include "${path}"` };
    expect(includeFaults(sources(files), layers)).toEqual([`low/a includes ${path}`]);
  });

  test('a call that leads up, by a prototype that another header brings along', () => {
    const files = {
      'low/a.c': 'void a(void) { run(); }',
      'high/b.h': 'int run(void);',
      'high/b.c': 'int run(void) { return 0; }',
    };
    expect(callFaults(sources(files), order)).toEqual([
      'low/a needs high/b, which stands above it',
    ]);
  });

  test('three that call each other in a circle', () => {
    const files = {
      'low/a.h': 'void a(struct x *x,\n       int y);',
      'low/a.c': 'void a(struct x *x, int y) { b(); }',
      'low/b.h': 'char *b(void) __attribute__((cold));',
      'low/b.c': 'char *b(void) { return c; }',
      'low/c.h': 'int c(void);',
      'low/c.c': 'int c(void) { a(0, 1); }',
    };
    expect(callFaults(sources(files), order)).toEqual(['a circle: low/a, low/b, low/c']);
  });

  test('a function that a header declares and its source does not define', () => {
    expect(callFaults(sources({ 'low/a.h': 'int a(void);', 'low/a.c': '' }), order)).toEqual([
      'low/a.h declares a, which low/a.c does not define',
    ]);
  });

  test.each(['void each(int (*act)(int));', 'struct x {\n    void (*act)(void);\n};'])(
    'a header with %j',
    (text) => {
      expect(callbackFaults(sources({ 'low/a.h': text }))).toEqual(['low/a.h takes a function']);
    },
  );
});

test.each([
  ['low/a.c', '#include "a.h"\n#include "b.h"\n#include "../../common/err.h"'],
  ['main.c', '#include "low/a.h"\n#include "high/a.h"'],
  ['high/a.c', '#include "../low/a.h"\n#include "../../below/pack/pack.h"'],
  ['low/a.c', '/* #include "../high/a.h" */\n#include <high/a.h>'],
])('%s may hold %j', (path, text) => {
  const files = { 'low/a.h': '', 'low/b.h': '', 'high/a.h': '', [path]: text };
  const layers = { order: ['low', 'high', 'main'], others: ['common', 'below'], callbacks: [] };
  expect(includeFaults(new Map(Object.entries(files)), layers)).toEqual([]);
});

test.each([
  ['a name in a comment', { 'low/a.c': '/* run() */ // run()\nvoid a(void) {}' }],
  ['a name in a string', { 'low/a.c': 'const char *a = "run() \\" run";' }],
  ['a function of its own', { 'low/a.c': 'static void run(void) {}\nvoid a(void) { run(); }' }],
  ['a member that a header declares', { 'low/a.h': 'struct x {\n    int run;\n};' }],
  ['a variable', { 'low/a.c': 'int a(const struct run *run) { return b(run); }' }],
  [
    'a function with attributes',
    { 'low/a.h': '__attribute__((cold)) void a(void);', 'low/a.c': 'void a(void) {}' },
  ],
  ['a member that is used', { 'low/a.c': 'int a(struct x *x) { return x->run + x->y.run; }' }],
])('%s is no call', (_what, files) => {
  const above = { 'high/b.h': 'int run(void);', 'high/b.c': 'int run(void) { return 0; }' };
  expect(callFaults(new Map(Object.entries({ ...files, ...above })), ['low', 'high'])).toEqual([]);
});

function placeFaults(sources: Sources, order: readonly string[]): string[] {
  const parts = partsOf(sources);
  const lost = parts
    .filter((part) => rankOf(part, order) === -1)
    .map((part) => `${part} has no place`);
  const empty = order
    .filter((place) => !parts.some((part) => part === place || dirname(part) === place))
    .map((place) => `${place} holds nothing`);
  return [...lost, ...empty];
}

function includeFaults(sources: Sources, { order, others }: Layers): string[] {
  const shared = new RegExp(`^\\.\\./(${others.join('|')})/[\\w/-]+\\.h$`);
  const graph = new Map(partsOf(sources).map((part) => [part, new Set<string>()]));
  const foreign: string[] = [];
  for (const [path, text] of sources)
    for (const [, name = ''] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/gm)) {
      const target = name.startsWith('/') ? name : join(dirname(path), name);
      if (shared.test(target)) continue;
      if (!sources.has(target) || !target.endsWith('.h') || target === path)
        foreign.push(`${partOf(path)} includes ${name}`);
      else if (partOf(target) !== partOf(path)) graph.get(partOf(path))?.add(partOf(target));
    }
  return [...foreign, ...graphFaults(graph, order)];
}

function callFaults(sources: Sources, order: readonly string[]): string[] {
  const undefinedOnes = [...sources].flatMap(([path, text]) => {
    const source = `${partOf(path)}.c`;
    const code = codeOf(sources.get(source) ?? '');
    return path.endsWith('.h')
      ? declaredIn(text)
          .filter((name) => !definitionOf(name).test(code))
          .map((name) => `${path} declares ${name}, which ${source} does not define`)
      : [];
  });
  return [...undefinedOnes, ...graphFaults(callGraph(sources), order)];
}

/** Who uses the functions of whose header. Macros and inline functions are found as includes are. */
function callGraph(sources: Sources): Graph {
  const owners = new Map(
    [...sources].flatMap(([path, text]) =>
      path.endsWith('.h') ? declaredIn(text).map((name) => [name, partOf(path)] as const) : [],
    ),
  );
  const graph = new Map(partsOf(sources).map((part) => [part, new Set<string>()]));
  for (const [path, text] of sources) {
    if (!path.endsWith('.c')) continue;
    const code = codeOf(text);
    // Its static functions, and its variables of a struct's type.
    const own = new Set(
      [...code.matchAll(/^static [^;{=]*?(\w+)\(|\bstruct \w+ [ *]*(\w+)(?=[,;)=[ ])/gm)].map(
        ([, run, variable]) => run ?? variable,
      ),
    );
    for (const [name] of code.matchAll(/(?<![\w.]|->|\bstruct )[a-z_]\w*/g)) {
      const owner = own.has(name) ? undefined : owners.get(name);
      if (owner !== undefined && owner !== partOf(path)) graph.get(partOf(path))?.add(owner);
    }
  }
  return graph;
}

/** -Wmissing-prototypes sees to it that each function which is not static is declared in a header. */
function declaredIn(header: string): string[] {
  const prototypes = codeOf(header).matchAll(/^(?!static|typedef|#)\w[\w *]*?(\w+)\([^{};]*;/gm);
  return [...prototypes].map(([, name = '']) => name);
}

const definitionOf = (name: string): RegExp =>
  new RegExp(`^(?!static)\\w[\\w *]*\\b${name}\\([^{};]*\\{`, 'm');

function callbackFaults(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) =>
    path.endsWith('.h') && /\(\s*\*/.test(codeOf(text)) ? [`${path} takes a function`] : [],
  );
}

const partsOf = (sources: Sources): string[] => [...new Set([...sources.keys()].map(partOf))];

/** Without comments and attributes, and with empty strings. */
const codeOf = (text: string): string =>
  text
    .replace(/__attribute__\(\((?:[^()]|\([^()]*\))*\)\)/g, '')
    .replace(/\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"/g, (found) =>
      found.startsWith('"') ? '""' : ' ',
    );
