import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The layers of a native program. */
export interface Layers {
  /** Its folders and the files beside them, lowest first: none includes or calls a higher one. */
  readonly order: readonly string[];
  /** The parts of native/ whose headers it may include besides its own. */
  readonly others: readonly string[];
  /** Its headers that accept a function: such a call leads upwards, which no graph shows. */
  readonly callbacks: readonly string[];
  /** Functions of the C library that it defines itself: to call one is not to know that. */
  readonly replaces?: readonly string[];
}

export const LAYERS: Readonly<Record<string, Layers>> = {
  shim: {
    order: [
      ...[
        'system',
        'log',
        'group',
        'box',
        'jail/base',
        'jail/view',
        'jail/rights',
        'jail',
        'vmm',
        'broker',
        'own-jail',
        'net',
        'peers',
        'requests',
        'notify',
      ],
      ...['session', 'relay', 'ending', 'loop', 'main'],
    ],
    others: ['common', 'protocol'],
    // Whether a user may write somewhere: a test knows it of places that are not there.
    callbacks: ['group/place.h'],
  },
  net: {
    order: [
      'packet',
      'wire',
      'link',
      'dns',
      'policy',
      'nat',
      'switch',
      'names',
      'net',
      'control',
      'jail',
      'filter',
      'loop',
      'hub',
      'main',
    ],
    others: ['common', 'protocol'],
    // What a box sends leads to answers, which its own layer does not know how to deliver.
    callbacks: [
      'dns/resolver.h',
      'link/link.h',
      'names/names.h',
      'nat/host-sockets.h',
      'nat/nat.h',
      'switch/port.h',
    ],
    // For libslirp, by nat/host-sockets and nat/spared-calls.
    replaces: [
      'accept',
      'bind',
      'close',
      'connect',
      'fcntl',
      'fcntl64',
      'getpeername',
      'ioctl',
      'listen',
      'recv',
      'recvfrom',
      'recvmsg',
      'send',
      'sendto',
      'setsockopt',
      'shutdown',
      'socket',
    ],
  },
  host: { order: ['sparse', 'tsc', 'main'], others: ['common', 'protocol'], callbacks: [] },
  archive: {
    order: [
      'outcome',
      'path',
      'tar',
      'pack',
      'unpack/content',
      'copy',
      'unpack',
      'command',
      'jail',
      'main',
    ],
    others: ['common', 'protocol'],
    // Both pass warnings to the code that requested the copy.
    callbacks: ['pack/pack.h', 'unpack/options.h'],
  },
  guest: {
    order: [
      ...['wire', 'system', 'module', 'proc', 'command/seccomp', 'command', 'volume', 'notify'],
      ...['box/root', 'box', 'boot', 'session', 'main'],
    ],
    others: ['common', 'protocol', 'archive'],
    callbacks: [],
  },
};

/** The other parts that a part (`vmm/start`: its .c and .h) depends on. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The C files of a program below native/, by relative path. */
export function readSources(program: string): Map<string, string> {
  const folder = join(import.meta.dirname, '../../native', program);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    paths
      .filter((path) => /\.[ch]$/.test(path))
      .sort()
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
}

export const partOf = (path: string): string => path.replace(/\.[cho]$/, '');

/** The rank of a part; -1 if it is not in the order. */
export const rankOf = (part: string, order: readonly string[]): number =>
  order.indexOf(dirname(part) === '.' ? part : dirname(part));

/** Each dependency that leads upwards, and each cycle. */
export function graphFaults(graph: Graph, order: readonly string[]): string[] {
  const edges = [...graph].flatMap(([from, needs]) => [...needs].map((to) => [from, to] as const));
  const upward = edges
    .filter(([from, to]) => rankOf(to, order) > rankOf(from, order))
    .map(([from, to]) => `${from} needs ${to}, which stands above it`);
  return [...upward, ...circlesOf(graph).map((circle) => `a circle: ${circle.join(', ')}`)];
}

/** The strongly connected components of more than one part. */
function circlesOf(graph: Graph): string[][] {
  const reached = new Map([...graph.keys()].map((part) => [part, reachableFrom(part, graph)]));
  const leadsTo = (from: string, to: string): boolean => reached.get(from)?.has(to) ?? false;
  const seen = new Set<string>();
  return [...graph.keys()].flatMap((part) => {
    if (seen.has(part) || !leadsTo(part, part)) return [];
    const circle = [...graph.keys()].filter((each) => leadsTo(part, each) && leadsTo(each, part));
    for (const each of circle) seen.add(each);
    return [circle];
  });
}

function reachableFrom(part: string, graph: Graph): Set<string> {
  const found = new Set<string>();
  const visit = (each: string): void => {
    for (const next of graph.get(each) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(part);
  return found;
}
