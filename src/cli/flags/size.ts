import { BoxliteError } from '../../errors.js';

const KIB = 1024;
const MIB = KIB * KIB;
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: KIB,
  m: MIB,
  g: MIB * KIB,
  t: MIB * MIB,
};
const LEAST_MEMORY_MIB = 128;

/** `512m`, `2g`; a bare number is MiB. In Docker it is bytes, but nobody means bytes of memory. */
export function parseMemoryMib(text: string): number {
  const bytes = parseSize(text, MIB, '512m or 2g');
  const memoryMib = Math.floor(bytes / MIB);
  if (memoryMib < LEAST_MEMORY_MIB)
    throw invalid(`a box needs at least ${LEAST_MEMORY_MIB} MiB of memory`);
  return memoryMib;
}

/** Like `parseMemoryMib`; 0 means no reservation. */
export function parseReservationMib(text: string): number {
  const bytes = parseSize(text, MIB, '512m or 2g');
  if (bytes > 0 && bytes < MIB) throw invalid('must be at least 1 MiB');
  return Math.floor(bytes / MIB);
}

/** Docker's `--memory-swap`: memory and swap together, -1 for no limit. */
export function parseSwapMib(text: string): number {
  return text === '-1' ? -1 : parseReservationMib(text);
}

/** `10g` → bytes. The unit is required: nobody means bytes, and few would expect GiB. */
export function parseDiskBytes(text: string): number {
  const bytes = parseSize(text, undefined, '10g or 512m');
  if (bytes <= 0) throw invalid('a disk must be larger than nothing');
  return bytes;
}

/** `64g` → bytes; the unit is required, as for a disk. */
export function parseLayerBytes(text: string): number {
  const bytes = parseSize(text, undefined, '64g');
  if (bytes <= 0) throw invalid('a layer must be allowed more than nothing');
  return bytes;
}

/** `64m` → bytes; a bare number is bytes, as in Docker. */
export function parseBytes(text: string): number {
  return parseSize(text, 1, '64m');
}

const LEAST_LOG_BYTES = 1_000;

/** Docker's `max-size` of a log: powers of 1000; a bare number is bytes, -1 is no limit. */
export function parseLogBytes(text: string): number {
  if (text === '-1') return -1;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  if (number === undefined) throw invalid('must be a size such as 20m, or -1 for no limit');
  const bytes = Math.floor(Number(number) * 1000 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
  if (!Number.isSafeInteger(bytes)) throw invalid('is too large');
  if (bytes < LEAST_LOG_BYTES) throw invalid(`must be at least ${LEAST_LOG_BYTES} bytes, or -1`);
  return bytes;
}

/** @param bareUnit bytes per unit of a bare number; undefined = a unit is required */
function parseSize(text: string, bareUnit: number | undefined, like: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(?:([bkmgt])(?:i?b)?)?$/i.exec(text);
  if (match === null) throw invalid(`must be a size such as ${like}`);
  const unit = match[2];
  const factor = unit === undefined ? bareUnit : UNITS[unit.toLowerCase()];
  if (factor === undefined) throw invalid(`needs a unit, such as ${like}`);
  const bytes = Math.floor(Number(match[1]) * factor);
  if (!Number.isSafeInteger(bytes)) throw invalid('is too large');
  return bytes;
}

function invalid(reason: string): BoxliteError {
  return new BoxliteError('invalid-argument', reason);
}
