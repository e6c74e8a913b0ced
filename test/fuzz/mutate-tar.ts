import { sealHeader, tarEntry } from '../helpers/tar-builder.js';
import type { Random } from './random.js';

const BLOCK = 512;

/** Fields of a header by offset and length: those that are numbers, and the rest. */
const FIELDS = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [148, 8],
  [156, 1],
  [157, 100],
  [257, 8],
  [329, 8],
  [337, 8],
  [345, 155],
  [386, 24],
  [482, 1],
  [483, 12],
] as const;

const VALUES = [
  '',
  '0',
  '1',
  '777',
  '00000001000',
  '77777777777',
  '-1',
  '9',
  ' ',
  '\x80\0\0\0\0\0\0\0\0\0\0\x01',
  '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
  '\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
  '.',
  '..',
  '../..',
  '/',
  'd/.wh.',
  '.wh..wh..opq',
  '.wh.d',
  'hard',
  'd/file',
];
const TYPES = Array.from('01234567xgLKSVMD\0\xff');

const PAX = [
  'path=../x',
  'path=',
  'path=d/file/x',
  'linkpath=/',
  'size=0',
  'size=99999999999999999999',
  'size=-1',
  'size=1e3',
  'size=600',
  'uid=4294967295',
  'mtime=-0.000000001',
  'mtime=99999999999999999',
  'mtime=.5',
  'GNU.sparse.major=1',
  'GNU.sparse.minor=0',
  'GNU.sparse.realsize=1000',
  'GNU.sparse.size=5',
  'GNU.sparse.map=0,1',
  'GNU.sparse.offset=1',
  'GNU.sparse.numbytes=3',
  'GNU.sparse.name=/.wh..',
  'SCHILY.xattr.user.a=b',
  'SCHILY.xattr.=b',
  'SCHILY.xattr.security.capability=',
  '=',
];

/** An archive with a few things wrong, or right in another way. */
export function mutateTar(random: Random, archive: Buffer, other: Buffer): Buffer {
  let mutated: Buffer = Buffer.from(archive);
  for (let times = random.between(1, 4); times > 0 && mutated.length > 0; times--)
    mutated = random.pick(MUTATIONS)(random, mutated, other);
  return mutated;
}

type Mutation = (random: Random, archive: Buffer, other: Buffer) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  (random, archive) => {
    for (let times = random.between(1, 8); times > 0; times--)
      archive.writeUInt8(random.below(256), random.below(archive.length));
    return archive;
  },
  changeField,
  changeField,
  changeField,
  (random, archive) => archive.subarray(0, random.below(archive.length + 1)),
  (random, archive) => {
    const [from, to] = [blockOf(random, archive), blockOf(random, archive)];
    return splice(archive, from, 0, archive.subarray(to, to + BLOCK * random.between(1, 4)));
  },
  (random, archive) =>
    splice(archive, blockOf(random, archive), BLOCK * random.between(1, 3), Buffer.alloc(0)),
  (random, archive, other) =>
    Buffer.concat([
      archive.subarray(0, blockOf(random, archive)),
      other.subarray(blockOf(random, other)),
    ]),
  insertExtension,
  insertExtension,
];

/** Half of the headers keep a right checksum: a wrong one only ever tests that one check. */
function changeField(random: Random, archive: Buffer): Buffer {
  const at = headerOf(random, archive);
  const header = archive.subarray(at, at + BLOCK);
  if (header.length < BLOCK) return archive;
  const [offset, length] = random.pick(FIELDS);
  if (offset === 156) header.write(random.pick(TYPES), 156, 'latin1');
  else {
    header.fill(0, offset, offset + length);
    header.write(random.pick(VALUES), offset, length, 'latin1');
  }
  if (!random.oneIn(4)) sealHeader(header);
  return archive;
}

function insertExtension(random: Random, archive: Buffer): Buffer {
  const type = random.pick(['x', 'x', 'x', 'g', 'L', 'K']);
  const records = Array.from({ length: random.between(1, 5) }, () => random.pick(PAX));
  const text = records.map((record) => `${record.length + 4} ${record}\n`).join('');
  // Right for records of 6 to 95 bytes; the others lie about their length.
  const content = type === 'x' || type === 'g' ? text : random.pick(VALUES);
  const extension = tarEntry({ name: 'extension', type, content });
  return splice(archive, headerOf(random, archive), 0, extension);
}

/** Offset of a block that looks like a header, else of any block. */
function headerOf(random: Random, archive: Buffer): number {
  const headers: number[] = [];
  for (let at = 0; at + BLOCK <= archive.length; at += BLOCK)
    if (archive.toString('latin1', at + 257, at + 262) === 'ustar') headers.push(at);
  return headers.length === 0 ? blockOf(random, archive) : random.pick(headers);
}

function blockOf(random: Random, archive: Buffer): number {
  return random.below(Math.floor(archive.length / BLOCK) + 1) * BLOCK;
}

function splice(archive: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([archive.subarray(0, at), added, archive.subarray(at + removed)]);
}
