import { gzipSync } from 'node:zlib';

/** ELF64 files with only the requested parts: enough for the readers of kernels and modules. */
export interface FakeElf {
  machine?: number;
  notes?: { name: string; type: number }[];
  sections?: Record<string, Buffer>;
  /** Program header types in addition to that of the notes. */
  segmentTypes?: number[];
  /** Appended after all parts. */
  trailer?: string;
}

export function fakeElf(elf: FakeElf): Buffer {
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(elf.machine ?? 62, 0x12);
  const notes = Buffer.concat((elf.notes ?? []).map(note));
  const types = [...(elf.segmentTypes ?? []), ...(elf.notes === undefined ? [] : [4])];
  const segments = types.map((type) => {
    const entry = Buffer.alloc(56);
    entry.writeUInt32LE(type, 0);
    entry.writeBigUInt64LE(BigInt(64 + types.length * 56), 8);
    entry.writeBigUInt64LE(BigInt(notes.length), 32);
    return entry;
  });
  header.writeBigUInt64LE(64n, 0x20);
  header.writeUInt16LE(56, 0x36);
  header.writeUInt16LE(types.length, 0x38);
  const front = Buffer.concat([header, ...segments, notes]);
  const back = sectionTable(front.length, elf.sections ?? {});
  front.writeBigUInt64LE(BigInt(back.tableOffset), 0x28);
  front.writeUInt16LE(64, 0x3a);
  front.writeUInt16LE(back.count, 0x3c);
  front.writeUInt16LE(back.count - 1, 0x3e);
  return Buffer.concat([front, back.bytes, Buffer.from(elf.trailer ?? '')]);
}

/** A kernel with a PVH entry and a version banner. */
export function fakeVmlinux(version: string): Buffer {
  return fakeElf({
    notes: [
      { name: 'GNU', type: 3 },
      { name: 'Xen', type: 18 },
    ],
    trailer: `\0Linux version ${version} (somebody@somewhere) #1 SMP\0`,
  });
}

/** A bzImage around a compressed payload, with the data that the format requires after it. */
export function fakeBzImage(payload: Buffer, protocol = 0x20f): Buffer {
  const setupSectors = 3;
  const offset = 0x40;
  const image = Buffer.alloc((setupSectors + 1) * 512 + offset);
  image.writeUInt8(setupSectors, 0x1f1);
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(protocol, 0x206);
  image.writeUInt32LE(offset, 0x248);
  image.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([image, payload, Buffer.alloc(16)]);
}

export function fakeGzipKernel(version: string): Buffer {
  return fakeBzImage(gzipSync(fakeVmlinux(version)));
}

export function fakeModule(depends: string): Buffer {
  const info = Buffer.from(`license=GPL\0depends=${depends}\0name=whatever\0`);
  return fakeElf({ sections: { '.text': Buffer.from('code'), '.modinfo': info } });
}

function note({ name, type }: { name: string; type: number }): Buffer {
  const text = Buffer.alloc(Math.ceil((name.length + 1) / 4) * 4);
  text.write(name);
  const header = Buffer.alloc(12);
  header.writeUInt32LE(name.length + 1, 0);
  header.writeUInt32LE(5, 4);
  header.writeUInt32LE(type, 8);
  return Buffer.concat([header, text, Buffer.alloc(8)]);
}

function sectionTable(
  start: number,
  sections: Record<string, Buffer>,
): { bytes: Buffer; tableOffset: number; count: number } {
  const names = [...Object.keys(sections), '.shstrtab'];
  const strings = Buffer.from(`\0${names.join('\0')}\0`);
  const contents = [...Object.values(sections), strings];
  let offset = start;
  const entries = contents.map((content, i) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(strings.indexOf(`\0${names[i] ?? ''}\0`) + 1, 0);
    entry.writeBigUInt64LE(BigInt(offset), 0x18);
    entry.writeBigUInt64LE(BigInt(content.length), 0x20);
    offset += content.length;
    return entry;
  });
  return {
    bytes: Buffer.concat([...contents, ...entries]),
    tableOffset: offset,
    count: entries.length,
  };
}
