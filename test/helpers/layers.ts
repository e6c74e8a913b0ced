import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The order of each native program's folders and of the files beside them, the lowest first: none includes or
 * calls what stands above it.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  shim: [
    ...['system', 'log', 'box', 'jail', 'vmm', 'peers', 'session', 'relay', 'ending'],
    ...['loop', 'main'],
  ],
  host: ['sparse', 'tsc', 'main'],
};

/** What a part (`vmm/start`: its .c and .h) needs of other parts. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The C files of a program below native/, by their path in it. */
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

/** How high a part stands; -1 when it stands nowhere. */
export const rankOf = (part: string, order: readonly string[]): number =>
  order.indexOf(dirname(part) === '.' ? part : dirname(part));

/** Each edge that leads upwards, and each circle. */
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
