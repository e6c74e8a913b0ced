/**
 * The part of the ELF64 little-endian format that set-up needs for kernels, modules and programs. Format:
 * elf(5).
 */

const PT_INTERP = 3;
const PT_NOTE = 4;

/** A part of the file: a segment with its type, or a section with its name. */
interface Part {
  type: number;
  nameOffset: number;
  data: Buffer;
}

export interface ElfNote {
  name: string;
  type: number;
}

export function isElf64(file: Buffer): boolean {
  // Magic, 64-bit, little-endian.
  return (
    file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file.readUInt16BE(4) === 0x0201
  );
}

/** True when no loader is needed to run it. */
export function isStatic(file: Buffer): boolean {
  return isElf64(file) && segments(file).every((segment) => segment.type !== PT_INTERP);
}

/**
 * The notes of all note segments. A note: u32 name length, data length, type; then name and data, 4-aligned.
 */
export function elfNotes(file: Buffer): ElfNote[] {
  return segments(file)
    .filter((segment) => segment.type === PT_NOTE)
    .flatMap((segment) => notesOf(segment.data));
}

/** Contents of the section with this name, or undefined if there is none. */
export function elfSection(file: Buffer, name: string): Buffer | undefined {
  const sections = parts(file, {
    table: 0x28,
    entrySize: 0x3a,
    count: 0x3c,
    type: 4,
    offset: 0x18,
    size: 0x20,
  });
  const names = sections[file.readUInt16LE(0x3e)]?.data;
  if (names === undefined) return undefined;
  const wanted = Buffer.from(`${name}\0`);
  return sections.find((section) => {
    const at = section.nameOffset;
    return names.subarray(at, at + wanted.length).equals(wanted);
  })?.data;
}

function segments(file: Buffer): Part[] {
  return parts(file, {
    table: 0x20,
    entrySize: 0x36,
    count: 0x38,
    type: 0,
    offset: 0x08,
    size: 0x20,
  });
}

/** The layout of a header table and its entries; all numbers are offsets in bytes. */
interface Layout {
  table: number;
  entrySize: number;
  count: number;
  type: number;
  offset: number;
  size: number;
}

function parts(file: Buffer, layout: Layout): Part[] {
  if (!isElf64(file)) return [];
  const table = Number(file.readBigUInt64LE(layout.table));
  const entrySize = file.readUInt16LE(layout.entrySize);
  const result: Part[] = [];
  for (let i = 0; i < file.readUInt16LE(layout.count); i++) {
    const entry = file.subarray(table + i * entrySize, table + (i + 1) * entrySize);
    if (entry.length < 0x28) break; // a table cut off by the end of the file
    const offset = Number(entry.readBigUInt64LE(layout.offset));
    const size = Number(entry.readBigUInt64LE(layout.size));
    result.push({
      type: entry.readUInt32LE(layout.type),
      nameOffset: entry.readUInt32LE(0),
      data: file.subarray(offset, offset + size),
    });
  }
  return result;
}

function notesOf(data: Buffer): ElfNote[] {
  const notes: ElfNote[] = [];
  let at = 0;
  while (at + 12 <= data.length) {
    const nameSize = data.readUInt32LE(at);
    const dataSize = data.readUInt32LE(at + 4);
    const name = data.toString('latin1', at + 12, at + 12 + nameSize).replace(/\0+$/, '');
    notes.push({ name, type: data.readUInt32LE(at + 8) });
    at += 12 + align4(nameSize) + align4(dataSize);
  }
  return notes;
}

function align4(size: number): number {
  return Math.ceil(size / 4) * 4;
}
