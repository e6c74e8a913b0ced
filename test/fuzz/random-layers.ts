import type { ErofsFile } from '../helpers/erofs-reader.js';
import { paxEntry, tarEntry, type TarFields } from '../helpers/tar-builder.js';
import type { Random } from './random.js';

/** What a path leads to, with what the tar says of it. Hard links share one. */
interface Node {
  type: string;
  fields: TarFields;
  xattrs: Record<string, string>;
}

/** Path → node; '' is the root. Parents of a path are always directories of the tree. */
type Paths = Map<string, Node>;

const DIRECTORY = '5';

/** How far the random attributes go. */
interface Reach {
  /** Of a file, at most; bytes of the names and values. */
  xattrs: number;
  xattrName: number;
  xattrValue: number;
  timeFactors: number[];
  /** Whiteouts stand anywhere among a layer's entries, else before them all. */
  markersAnywhere: boolean;
  /** A hard link may take the place of the directory in which its target is. */
  linksOutOfReplaced: boolean;
}

const EVERYTHING: Reach = {
  xattrs: 20,
  xattrName: 200,
  xattrValue: 3000,
  timeFactors: [1, 8],
  markersAnywhere: true,
  linksOutOfReplaced: true,
};
/**
 * What ext4 can hold too, where umoci writes. That gives a directory the time of now when a marker after
 * the directory's entry takes something away in it, and removes a directory before it looks for a link's
 * target in it.
 */
export const OF_UMOCI: Reach = {
  xattrs: 3,
  xattrName: 60,
  xattrValue: 50,
  timeFactors: [1],
  markersAnywhere: false,
  linksOutOfReplaced: false,
};
const KINDS: Readonly<Record<string, string>> = {
  '0': 'file',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/**
 * Random layers, and the tree they must make by the specification's own words, worked out on paths
 * alone: first a layer's whiteouts take away what lower layers have, then its entries come. In the
 * archive the whiteouts stand anywhere.
 */
export function randomLayers(
  random: Random,
  reach = EVERYTHING,
): {
  layers: Buffer[];
  expected: Map<string, Partial<ErofsFile>>;
} {
  const paths: Paths = new Map([['', implied()]]);
  const layers = Array.from({ length: random.between(1, 4) }, () => addLayer(random, paths, reach));
  return { layers, expected: describe(paths) };
}

function addLayer(random: Random, paths: Paths, reach: Reach): Buffer {
  const entries: Buffer[] = [];
  const whiteouts = takeAway(random, paths);
  const own = new Set<string>();
  for (let count = random.size(40); count > 0; count--) {
    const parent = random.pick(directoriesOf(paths));
    const children = childrenOf(paths, parent);
    const again = children.length > 0 && random.oneIn(4);
    const path = join(parent, again ? random.pick(children) : randomName(random));
    // One entry a path and layer, and none that would take away another of the same layer.
    if ([...own].some((other) => other === path || other.startsWith(`${path}/`))) continue;
    if (whiteouts.some(({ of }) => of === path)) continue;
    // Nor one that would put a symlink in the place of a marker's directory.
    if (whiteouts.some(({ marker }) => marker.startsWith(`${path}/`))) continue;
    const linkable = [...paths].filter(
      ([at, { type }]) =>
        type !== DIRECTORY &&
        at !== path &&
        (reach.linksOutOfReplaced || !at.startsWith(`${path}/`)),
    );
    if (random.oneIn(5) && linkable.length > 0) {
      const [target, node] = random.pick(linkable);
      remove(paths, path);
      paths.set(path, node);
      entries.push(encode(path, { name: '', type: '1', linkName: target }, {}));
    } else {
      const node = randomNode(random, reach);
      const existing = paths.get(path);
      if (node.type !== DIRECTORY || existing?.type !== DIRECTORY) remove(paths, path);
      paths.set(path, node);
      entries.push(encode(path, node.fields, node.xattrs));
    }
    own.add(path);
  }
  for (const { marker } of whiteouts)
    entries.splice(
      reach.markersAnywhere ? random.below(entries.length + 1) : 0,
      0,
      encode(marker, { name: '' }, {}),
    );
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

/** Takes a few names, or all names of a few directories, out of the tree that the lower layers made. */
function takeAway(random: Random, paths: Paths): { of: string; marker: string }[] {
  const whiteouts: { of: string; marker: string }[] = [];
  for (let count = random.below(4); count > 0; count--) {
    if (random.oneIn(3)) {
      const directory = random.pick(directoriesOf(paths));
      for (const child of childrenOf(paths, directory)) remove(paths, join(directory, child));
      whiteouts.push({ of: '.wh..wh..opq', marker: join(directory, '.wh..wh..opq') });
    } else if (paths.size > 1) {
      const path = random.pick([...paths.keys()].filter((each) => each !== ''));
      remove(paths, path);
      const slash = path.lastIndexOf('/') + 1;
      whiteouts.push({ of: path, marker: `${path.slice(0, slash)}.wh.${path.slice(slash)}` });
    }
  }
  // A marker in a directory that another marker takes away would bring the directory back.
  return whiteouts.filter(({ marker }) => paths.has(parentOf(marker)));
}

function randomNode(random: Random, reach: Reach): Node {
  const type = random.pick(['0', '0', '0', '2', '3', '4', '5', '5', '5', '6']);
  const isUsers = type === '0' || type === DIRECTORY;
  const isDevice = type === '3' || type === '4';
  const fields: TarFields = {
    name: '',
    type,
    mode: type === '2' ? 0o777 : random.below(0o10000),
    uid: random.size(0xfffffffe),
    gid: random.size(0xfffffffe),
    mtime: random.between(-(2 ** 31), 2 ** 31 - 1) * random.pick(reach.timeFactors),
    ...(isDevice ? { major: random.size(0xfff), minor: 1 + random.size(0xffffe) } : {}),
    ...(type === '2' ? { linkName: randomText(random, random.size(4094) + 1) } : {}),
    ...(type === '0' ? { content: random.bytes(random.size(20_000)) } : {}),
  };
  const xattrs: Record<string, string> = {};
  for (let count = random.oneIn(3) ? random.size(reach.xattrs) : 0; count > 0; count--) {
    const prefix = random.pick(['trusted.', 'security.', ...(isUsers ? ['user.'] : [])]);
    const name = prefix + randomText(random, random.size(reach.xattrName) + 1).replaceAll('=', '-');
    xattrs[name] = random.bytes(random.size(reach.xattrValue) + 1).toString('latin1');
  }
  return { type, fields, xattrs };
}

/** What an entry's parent is when the layer has no entry for it. */
function implied(): Node {
  const fields = { name: '', type: DIRECTORY, mode: 0o755, uid: 0, gid: 0, mtime: 0 };
  return { type: DIRECTORY, fields, xattrs: {} };
}

function encode(path: string, fields: TarFields, xattrs: Record<string, string>): Buffer {
  const { linkName = '' } = fields;
  const pax: Record<string, string> = { path };
  if (linkName !== '') pax.linkpath = linkName;
  for (const [name, value] of Object.entries(xattrs)) pax[`SCHILY.xattr.${name}`] = value;
  return Buffer.concat([paxEntry(pax), tarEntry({ ...fields, name: 'x', linkName: '' })]);
}

function describe(paths: Paths): Map<string, Partial<ErofsFile>> {
  const links = new Map<Node, number>();
  for (const node of paths.values()) links.set(node, (links.get(node) ?? 0) + 1);
  return new Map(
    [...paths].map(([path, node]) => [
      path,
      {
        kind: KINDS[node.type] ?? '',
        mode: node.fields.mode ?? 0,
        uid: node.fields.uid ?? 0,
        gid: node.fields.gid ?? 0,
        mtimeSec: node.fields.mtime ?? 0,
        links: node.type === DIRECTORY ? 2 + subdirectories(paths, path) : (links.get(node) ?? 0),
        content: node.fields.linkName ?? (node.fields.content ?? '').toString('latin1'),
        device:
          node.fields.major === undefined ? '' : `${node.fields.major}:${node.fields.minor ?? 0}`,
        xattrs: node.xattrs,
      },
    ]),
  );
}

function remove(paths: Paths, path: string): void {
  for (const each of [...paths.keys()])
    if (each === path || each.startsWith(`${path}/`)) paths.delete(each);
}

function directoriesOf(paths: Paths): string[] {
  return [...paths].filter(([, { type }]) => type === DIRECTORY).map(([path]) => path);
}

function childrenOf(paths: Paths, directory: string): string[] {
  return [...paths.keys()]
    .filter((path) => path !== '' && parentOf(path) === directory)
    .map((path) => path.slice(path.lastIndexOf('/') + 1));
}

function subdirectories(paths: Paths, directory: string): number {
  return directoriesOf(paths).filter((path) => path !== '' && parentOf(path) === directory).length;
}

const join = (directory: string, name: string): string =>
  directory === '' ? name : `${directory}/${name}`;
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Few enough that names meet, and now and then one of the longest. */
function randomName(random: Random): string {
  if (random.oneIn(2)) return random.pick(['a', 'b', 'c', 'd', 'e']);
  return `n${randomText(random, random.size(254))}`;
}

/** Any bytes but those that no name holds. */
function randomText(random: Random, length: number): string {
  return random.bytes(length).toString('latin1').replace(/[\0/]/g, '_');
}
