/** One member of an archive; the type is part of `mode`, as in stat(2). */
export interface CpioEntry {
  path: string;
  mode: number;
  data?: Uint8Array;
  /** For a device node. */
  device?: { major: number; minor: number };
}

export const FILE_TYPES = { DIRECTORY: 0o040000, FILE: 0o100000, CHARACTER: 0o020000 } as const;

/**
 * An archive in the "newc" format, the one that the kernel unpacks
 * (Documentation/driver-api/early-userspace/buffer-format.rst). The same entries give the same
 * bytes: no times, no owners.
 */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const members = entries.map((entry, index) => member(entry, index + 1));
  const end = member({ path: 'TRAILER!!!', mode: 0 }, 0);
  return Buffer.concat([...members.flat(), ...end]);
}

function member(entry: CpioEntry, inode: number): Uint8Array[] {
  const data = entry.data ?? new Uint8Array();
  const name = Buffer.from(`${entry.path}\0`);
  const isDirectory = (entry.mode & FILE_TYPES.DIRECTORY) !== 0;
  const fields = [
    inode,
    entry.mode,
    0, // uid
    0, // gid
    isDirectory ? 2 : 1,
    0, // mtime
    data.length,
    0, // device of the archive's source
    0,
    entry.device?.major ?? 0,
    entry.device?.minor ?? 0,
    name.length,
    0, // checksum, of another variant
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const head = Buffer.concat([Buffer.from(header), name]);
  return [head, padding(head.length), data, padding(data.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & 3);
}
