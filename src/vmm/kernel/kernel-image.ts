import { BoxliteError } from '../../errors.js';
import { compressionOf, decompress } from './decompress.js';
import { elfNotes, isElf64 } from './elf.js';

/** XEN_ELFNOTE_PHYS32_ENTRY of the kernel's include/xen/interface/elfnote.h: the PVH entry point. */
const PVH_ENTRY_NOTE = 18;
const MACHINE_X86_64 = 62;
const SECTOR = 512;

/**
 * The uncompressed kernel in a file as distributions ship it: a bzImage, an ELF vmlinux, or an arm64 Image,
 * which may be gzipped. Without decompression in the guest, an emulated boot is 3 s faster.
 * @param name the file, for messages
 * @throws invalid-argument when it is unusable, image-corrupt when it is damaged; the message says why
 */
export async function extractKernel(file: Buffer, name: string): Promise<Buffer> {
  if (isElf64(file)) return withPvhEntry(file, name);
  if (isBzImage(file)) return withPvhEntry(await payloadOf(file, name), name);
  const image = compressionOf(file) === 'gzip' ? await decompress(file, 'gzip', name) : file;
  if (isArm64Image(image)) return image;
  throw unusable(name, 'it is neither a bzImage, nor a 64-bit ELF file, nor an arm64 Image');
}

/** The release as `uname -r` gives it, from the banner in every kernel. */
export function kernelVersion(kernel: Buffer, name: string): string {
  const banner = 'Linux version ';
  const at = kernel.indexOf(banner) + banner.length;
  const version = /^[\w.+~-]+/.exec(kernel.toString('latin1', at, at + 128))?.[0];
  if (at < banner.length || version === undefined)
    throw unusable(name, 'it holds no version banner');
  return version;
}

function isBzImage(file: Buffer): boolean {
  return file.length > 0x250 && file.toString('latin1', 0x202, 0x206) === 'HdrS';
}

/** Offsets: Documentation/arch/x86/boot.rst of the kernel, "The Real-Mode Kernel Header". */
async function payloadOf(file: Buffer, name: string): Promise<Buffer> {
  const protocol = file.readUInt16LE(0x206);
  if (protocol < 0x0208)
    throw unusable(name, `its boot protocol ${hex(protocol)} is older than 0x208`);
  const setupSectors = file.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * SECTOR + file.readUInt32LE(0x248);
  const payload = file.subarray(start, start + file.readUInt32LE(0x24c));
  const kind = compressionOf(payload);
  if (kind === undefined)
    throw unusable(name, `its payload's compression (${payload.toString('hex', 0, 6)}) is unknown`);
  // The build appends the size to all formats but gzip, whose own trailer ends with it.
  const size = payload.readUInt32LE(payload.length - 4);
  const stream = kind === 'gzip' ? payload : payload.subarray(0, -4);
  const kernel = await decompress(stream, kind, name);
  if (kernel.length !== size)
    throw unusable(name, `it unpacks to ${kernel.length} bytes instead of ${size}`);
  return kernel;
}

function withPvhEntry(kernel: Buffer, name: string): Buffer {
  if (!isElf64(kernel)) throw unusable(name, 'what it holds is not a 64-bit ELF file');
  if (kernel.readUInt16LE(0x12) !== MACHINE_X86_64) return kernel;
  const found = elfNotes(kernel).some(
    (note) => note.name === 'Xen' && note.type === PVH_ENTRY_NOTE,
  );
  if (!found) throw unusable(name, 'it has no PVH entry (it was built without CONFIG_PVH)');
  return kernel;
}

function isArm64Image(file: Buffer): boolean {
  return file.length > 64 && file.toString('latin1', 0x38, 0x3c) === 'ARMd';
}

function unusable(name: string, why: string): BoxliteError {
  return new BoxliteError('invalid-argument', `${name} can't be used as the guest kernel: ${why}`, {
    hint: "name a distribution's generic kernel: --kernel /path/vmlinuz --modules /path/lib/modules/VERSION",
  });
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
