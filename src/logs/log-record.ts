import { BoxliteError } from '../errors.js';
import type { LogFile } from './log-files.js';

export type LogStream = 'stdout' | 'stderr';

/** One write of the command, or the part of a write in one frame. */
export interface LogRecord {
  stream: LogStream;
  /** Nanoseconds since 1970, by the host's clock. */
  timeNs: bigint;
  data: Buffer;
  /** Number of the record's file. */
  file: number;
  /** Where in the file the record begins, and where the next one does. */
  from: number;
  to: number;
}

/** u64 time · u8 stream · u8[3] 0 · u32 length, little-endian; then the bytes. Written by the shim. */
const HEADER_BYTES = 16;
const READ_BYTES = 262_144;
/** No record is longer; anything that claims to be is not a record. */
const MAX_RECORD_BYTES = 1_048_576;

/**
 * The complete records from `offset` to the file's present end, in batches of one read each. A torn record at
 * the end is omitted: it may be complete next time.
 * @throws `protocol` when the bytes at an offset are not a record
 */
export async function* readRecords(
  { number, handle, path }: LogFile,
  offset: number,
): AsyncGenerator<LogRecord[], void, undefined> {
  let at = offset;
  let size = READ_BYTES;
  for (;;) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size), 0, size, at);
    const parsed = parseRecords(buffer.subarray(0, bytesRead), at, path);
    const records = Array.from(parsed, (record) => ({ ...record, file: number }));
    const last = records.at(-1);
    if (last !== undefined) {
      yield records;
      at = last.to;
      size = READ_BYTES;
    } else if (bytesRead === size) size = HEADER_BYTES + MAX_RECORD_BYTES;
    // A short read without a complete record: the rest is torn or empty.
    else return;
  }
}

function* parseRecords(
  bytes: Buffer,
  offset: number,
  path: string,
): Generator<Omit<LogRecord, 'file'>, void, undefined> {
  let at = 0;
  while (bytes.length - at >= HEADER_BYTES) {
    const stream = streamName(bytes.readUInt8(at + 8));
    const length = bytes.readUInt32LE(at + 12);
    if (stream === undefined || length > MAX_RECORD_BYTES)
      throw new BoxliteError(
        'protocol',
        `the output log ${path} is damaged at byte ${offset + at}`,
      );
    const end = at + HEADER_BYTES + length;
    if (end > bytes.length) return;
    yield {
      stream,
      timeNs: bytes.readBigUInt64LE(at),
      data: bytes.subarray(at + HEADER_BYTES, end),
      from: offset + at,
      to: offset + end,
    };
    at = end;
  }
}

function streamName(number: number): LogStream | undefined {
  if (number === 1) return 'stdout';
  return number === 2 ? 'stderr' : undefined;
}
