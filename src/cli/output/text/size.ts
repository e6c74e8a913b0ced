const DECIMAL_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Bytes in powers of 1000 with three digits, as Docker prints images: `7.05MB`. */
export function humanSize(bytes: number, digits = 3): string {
  return scale(bytes, 1000, DECIMAL_UNITS, digits);
}

/** Bytes in powers of 1024 with four digits, as Docker prints memory: `5.629MiB`. */
export function bytesSize(bytes: number): string {
  return scale(bytes, 1024, BINARY_UNITS, 4);
}

/** 999,999 bytes are `1MB`: a number that rounds up to the next unit uses it (Docker prints `1e+03kB`). */
function scale(bytes: number, base: number, units: readonly string[], digits: number): string {
  let size = bytes;
  let unit = 0;
  while (Number(size.toPrecision(digits)) >= base && unit < units.length - 1) {
    size /= base;
    unit++;
  }
  return `${Number(size.toPrecision(digits))}${units[unit] ?? ''}`;
}
