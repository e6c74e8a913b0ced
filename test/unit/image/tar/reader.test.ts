import { describe, expect, it } from 'vitest';
import { type TarEntry, TarReader } from '../../../../src/image/tar/reader.js';
import {
  paxEntry,
  paxRecord,
  tar,
  tarEntry,
  type TarFields,
} from '../../../helpers/tar-builder.js';

interface ReadEntry extends TarEntry {
  content: string;
}

function read(archive: Buffer, chunkBytes = archive.length): ReadEntry[] {
  const entries: ReadEntry[] = [];
  const last = (): ReadEntry => entries.at(-1) ?? expect.fail('data before any entry');
  const reader = new TarReader({
    entry: (entry) => void entries.push({ ...entry, content: '' }),
    data: (bytes) => void (last().content += bytes.toString('latin1')),
    hole: (bytes) => void (last().content += '\0'.repeat(bytes)),
    done: () => expect(last().content.length).toBe(last().size),
  });
  for (let at = 0; at < archive.length; at += chunkBytes)
    reader.push(archive.subarray(at, at + chunkBytes));
  reader.end();
  return entries;
}

function readOne(fields: TarFields): ReadEntry {
  return read(tar(fields))[0] ?? expect.fail('no entry');
}

function gnuLong(type: 'L' | 'K', text: string): Buffer {
  return tarEntry({ name: '././@LongLink', type, content: `${text}\0` });
}

describe('reads', () => {
  it('every field of a ustar header', () => {
    expect(
      readOne({ name: 'f', mode: 0o4755, uid: 1000, gid: 2000, mtime: 42, content: 'hello' }),
    ).toEqual({
      kind: 'file',
      name: 'f',
      linkName: '',
      mode: 0o4755,
      uid: 1000,
      gid: 2000,
      size: 5,
      mtimeSec: 42,
      mtimeNsec: 0,
      major: 0,
      minor: 0,
      xattrs: [],
      content: 'hello',
    });
  });

  it.each([
    ['0', 'file'],
    ['\0', 'file'],
    ['7', 'file'],
    ['1', 'hardlink'],
    ['2', 'symlink'],
    ['3', 'character'],
    ['4', 'block'],
    ['5', 'directory'],
    ['6', 'fifo'],
  ])('type %j as a %s', (type, kind) => {
    expect(readOne({ name: 'x', type, linkName: 'y' }).kind).toBe(kind);
  });

  it('an old archive’s name with a trailing slash as a directory', () => {
    expect(readOne({ name: 'd/', type: '\0', magic: '' }).kind).toBe('directory');
    expect(readOne({ name: 'd', type: '\0', pax: { path: 'd/' } }).kind).toBe('directory');
    expect(readOne({ name: 'd/', type: '\0', pax: { path: 'd' } }).kind).toBe('file');
  });

  it('the ustar prefix, but not where GNU keeps times', () => {
    expect(readOne({ name: 'f', prefix: 'a/b' }).name).toBe('a/b/f');
    expect(readOne({ name: 'f', prefix: 'a/b', magic: 'ustar  \0' }).name).toBe('f');
  });

  it('GNU long names and links', () => {
    const name = 'n'.repeat(300);
    const link = 'l'.repeat(300);
    const archive = [gnuLong('L', name), gnuLong('K', link), tar({ name: 'cut', type: '2' })];
    expect(read(Buffer.concat(archive))[0]).toMatchObject({ name, linkName: link });
  });

  it('base-256 numbers, also below zero', () => {
    expect(readOne({ name: 'f', uid: 3_000_000_000, mtime: -5 })).toMatchObject({
      uid: 3_000_000_000,
      mtimeSec: -5,
    });
  });

  it('pax records over the header’s fields', () => {
    const pax = {
      path: 'p'.repeat(5000),
      linkpath: 'q',
      uid: '70000',
      gid: '80000',
      mtime: '-1.25',
      'SCHILY.xattr.user.a': 'b=\n\0c',
      comment: 'passed over',
    };
    expect(readOne({ name: 'f', type: '2', pax })).toMatchObject({
      name: pax.path,
      linkName: 'q',
      uid: 70000,
      gid: 80000,
      mtimeSec: -2,
      mtimeNsec: 750_000_000,
      xattrs: [['user.a', 'b=\n\0c']],
    });
  });

  it('the size of a pax record instead of the field', () => {
    const content = 'x'.repeat(600);
    const [first, second] = read(
      Buffer.concat([
        paxEntry({ size: '600' }),
        tarEntry({ name: 'f', size: 0, content }),
        tar({ name: 'g' }),
      ]),
    );
    expect(first?.content).toBe(content);
    expect(second?.name).toBe('g');
  });

  it('an entry after an empty pax value and after a global header', () => {
    const global = tarEntry({ name: 'g', type: 'g', content: paxRecord('path', 'all') });
    expect(read(Buffer.concat([global, tar({ name: 'f', pax: { path: '' } })]))[0]?.name).toBe('f');
  });

  it('names that are not UTF-8', () => {
    expect(readOne({ name: '\xff\xfe' }).name).toBe('\xff\xfe');
  });

  it('no entries from an empty stream, from two zero blocks and from what follows them', () => {
    expect(read(Buffer.alloc(0), 1)).toEqual([]);
    expect(read(Buffer.concat([Buffer.alloc(1024), tarEntry({ name: 'late' })]))).toEqual([]);
  });

  it('an archive without closing blocks', () => {
    expect(read(tarEntry({ name: 'f', content: 'x' }))[0]?.content).toBe('x');
  });

  it.each([1, 7, 511, 512, 513, 4096])('the same from chunks of %i bytes', (chunkBytes) => {
    const archive = Buffer.concat([
      gnuLong('L', 'n'.repeat(200)),
      tarEntry({ name: 'a', content: 'x'.repeat(1500) }),
      tar({ name: 'b', pax: { path: 'c' }, content: Buffer.alloc(512, 'y') }, { name: 'd' }),
    ]);
    expect(read(archive, chunkBytes)).toEqual(read(archive));
  });
});

describe('reads sparse files', () => {
  const whole = `${'\0'.repeat(1000)}abc${'\0'.repeat(500)}de${'\0'.repeat(20)}`;
  const realSize = String(whole.length);

  it.each([
    ['0.0 with a map', { 'GNU.sparse.size': realSize, 'GNU.sparse.map': '1000,3,1503,2' }],
    [
      '1.0',
      {
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'real',
        'GNU.sparse.realsize': realSize,
      },
    ],
  ])('of pax format %s', (format, pax) => {
    const map = format === '1.0' ? '2\n1000\n3\n1503\n2\n'.padEnd(512, '\0') : '';
    const entry = readOne({ name: 'real', pax, content: `${map}abcde` });
    expect(entry).toMatchObject({ name: 'real', size: whole.length, content: whole });
  });

  it('of GNU’s old format with an extension block', () => {
    const segments = Array.from({ length: 6 }, (_, i) => [i * 1000, 2] as const);
    const write = (to: Buffer, at: number, [offset, length]: readonly [number, number]): void => {
      to.write(`${offset.toString(8).padStart(11, '0')}\0`, at, 'latin1');
      to.write(`${length.toString(8).padStart(11, '0')}\0`, at + 12, 'latin1');
    };
    const header = tarEntry({
      name: 'old',
      type: 'S',
      magic: 'ustar  \0',
      size: 12,
      patch: (block) => {
        segments.slice(0, 4).forEach((segment, i) => write(block, 386 + i * 24, segment));
        block[482] = 1;
        block.write(`${(6000).toString(8).padStart(11, '0')}\0`, 483, 'latin1');
      },
    });
    const extension = Buffer.alloc(512);
    segments.slice(4).forEach((segment, i) => write(extension, i * 24, segment));
    const data = Buffer.alloc(512);
    data.write('a0b1c2d3e4f5');
    const [entry] = read(Buffer.concat([header, extension, data, tar({ name: 'next' })]));
    const expected = ['a0', 'b1', 'c2', 'd3', 'e4', 'f5'].map((s) => s.padEnd(1000, '\0')).join('');
    expect(entry).toMatchObject({ size: 6000, content: expected });
  });

  it.each([
    ['overlap', '0,3,2,2'],
    ['reach past the file', '1524,5'],
    ['don’t add up', '0,3'],
    ['aren’t numbers', '0,x'],
  ])('and refuses segments that %s', (_, map) => {
    const pax = { 'GNU.sparse.size': realSize, 'GNU.sparse.map': map };
    expect(() => readOne({ name: 'f', pax, content: 'abcde' })).toThrow(/sparse map/);
  });
});

describe('refuses', () => {
  const long = 'x'.repeat(600);
  const cases: [attack: string, archive: Buffer, rule: RegExp][] = [
    [
      'a wrong checksum',
      tar({ name: 'f' }).fill('9', 150, 151),
      /"f": the header checksum is wrong/,
    ],
    [
      'a number that is none',
      tar({ name: 'f', patch: (header) => header.write('zz', 108) }),
      /"f": the uid field is not a number/,
    ],
    ['a negative size', tar({ name: 'f', size: -512 }), /"f": its size is negative/],
    [
      'a size over 2^53',
      tar({ name: 'f', patch: (header) => header.fill(0x7f, 125, 136).fill(0x80, 124, 125) }),
      /"f": the size field is not a number/,
    ],
    [
      'a negative size of a sparse file',
      tar({ name: 'f', type: 'S', patch: (header) => header.fill(0xff, 483, 495) }),
      /"f": its real size is negative/,
    ],
    [
      'a sparse format of the future',
      tar({ name: 'f', pax: { 'GNU.sparse.major': '2', 'GNU.sparse.realsize': '1' } }),
      /"f": the sparse format "2.0" is unknown/,
    ],
    ['an unknown type', tar({ name: 'f', type: 'Z' }), /"f": its type "Z" is unknown/],
    [
      'an 8 GiB long name',
      tarEntry({ name: 'f', type: 'L', size: 8 * 2 ** 30 }),
      /"f": an extension header is over 1048576 bytes/,
    ],
    [
      'endless extension headers',
      Buffer.concat(Array.from({ length: 17 }, () => paxEntry({ comment: 'x' }))),
      /more than 16 extension headers/,
    ],
    [
      'an extension header with no entry',
      Buffer.concat([paxEntry({ path: 'x' }), Buffer.alloc(1024)]),
      /an extension header has no entry/,
    ],
    [
      'a zero block between entries',
      Buffer.concat([tarEntry({ name: 'f' }), Buffer.alloc(512), tar({ name: 'g' })]),
      /a single zero block/,
    ],
    ['a header cut short', tarEntry({ name: 'f' }).subarray(0, 300), /ends in the middle/],
    ['content cut short', tarEntry({ name: 'f', content: long }).subarray(0, 900), /"f": .*middle/],
    ['padding cut short', tarEntry({ name: 'f', content: long }).subarray(0, 1200), /middle/],
    ['a pax header cut short', paxEntry({ path: long }).subarray(0, 600), /ends in the middle/],
    ['a pax header at the end', paxEntry({ path: long }), /ends in the middle/],
  ];

  it.each(cases)('%s', (_, archive, rule) => {
    expect(() => read(archive)).toThrow(rule);
    expect(() => read(archive, 100)).toThrow(rule);
  });

  it('every truncation but those between entries', () => {
    const archive = Buffer.concat([
      tarEntry({ name: 'a', content: 'x'.repeat(700) }),
      tarEntry({ name: 'b', pax: { path: 'c' } }),
    ]);
    const whole = new Set([0, 512 + 1024, archive.length]);
    for (let length = 0; length <= archive.length; length += 64) {
      const cut = archive.subarray(0, length);
      if (whole.has(length)) expect(() => read(cut)).not.toThrow();
      else expect(() => read(cut)).toThrow(/middle/);
    }
  });
});
