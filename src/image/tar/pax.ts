import { layerInvalid } from './layer-error.js';

/** The values that pax records set for the next entry; for a missing one, the header's applies. */
export interface PaxOverrides {
  path?: string;
  linkPath?: string;
  size?: number;
  uid?: number;
  gid?: number;
  mtimeSec?: number;
  mtimeNsec?: number;
  /** Extended attributes in the archive's order, name and value as latin1. */
  xattrs: Map<string, string>;
  /** Records of GNU's sparse formats, without the `GNU.sparse.` prefix. */
  sparse: Map<string, string>;
  /** Sparse format 0.0 repeats `offset` and `numbytes`: these are the pairs, in order. */
  sparseMap: number[];
}

const XATTR_PREFIX = 'SCHILY.xattr.';
const SPARSE_PREFIX = 'GNU.sparse.';
const MAX_LENGTH_DIGITS = 10;

/**
 * Parses the body of an `x` header: records `LENGTH KEY=VALUE\n`, where LENGTH counts the whole
 * record (POSIX.1-2017, pax, "pax Extended Header"). Ignores unknown keys, as the standard
 * requires.
 * @throws BoxliteError 'layer-invalid'
 */
export function parsePax(body: Buffer): PaxOverrides {
  const overrides: PaxOverrides = { xattrs: new Map(), sparse: new Map(), sparseMap: [] };
  let offset = 0;
  while (offset < body.length) {
    const end = recordEnd(body, offset);
    const keyStart = body.indexOf(0x20, offset) + 1;
    const equals = body.indexOf(0x3d, keyStart);
    if (equals < 0 || equals >= end || equals === keyStart)
      throw paxInvalid('a pax record has no "KEY=VALUE"');
    applyRecord(
      overrides,
      body.toString('latin1', keyStart, equals),
      body.toString('latin1', equals + 1, end - 1),
    );
    offset = end;
  }
  return overrides;
}

function recordEnd(body: Buffer, offset: number): number {
  let length = 0;
  let at = offset;
  for (; at < offset + MAX_LENGTH_DIGITS; at++) {
    const digit = (body[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
  }
  const end = offset + length;
  if (at === offset || body[at] !== 0x20) throw paxInvalid('a pax record has no length');
  if (end > body.length || end <= at + 1 || body[end - 1] !== 0x0a)
    throw paxInvalid('a pax record lies about its length');
  return end;
}

function applyRecord(overrides: PaxOverrides, key: string, value: string): void {
  if (key.startsWith(XATTR_PREFIX)) {
    overrides.xattrs.set(key.slice(XATTR_PREFIX.length), value);
    return;
  }
  // An empty value revokes the record: the header's own field applies.
  if (value === '') return;
  switch (key) {
    case 'path':
      overrides.path = text(key, value);
      break;
    case 'linkpath':
      overrides.linkPath = text(key, value);
      break;
    case 'size':
    case 'uid':
    case 'gid':
      overrides[key] = integer(key, value);
      break;
    case 'mtime': {
      const [sec, nsec] = parseTime(value);
      overrides.mtimeSec = sec;
      overrides.mtimeNsec = nsec;
      break;
    }
    case 'GNU.sparse.offset':
    case 'GNU.sparse.numbytes':
      overrides.sparseMap.push(integer(key, value));
      break;
    default:
      if (key.startsWith(SPARSE_PREFIX))
        overrides.sparse.set(key.slice(SPARSE_PREFIX.length), value);
  }
}

function text(key: string, value: string): string {
  if (value.includes('\0')) throw paxInvalid(`the pax record ${key} holds a NUL`);
  return value;
}

function integer(key: string, value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number))
    throw paxInvalid(`the pax record ${key} is not a number`);
  return number;
}

/** Seconds and nanoseconds of a decimal time; −1.25 s is −2 s and 750,000,000 ns. */
function parseTime(value: string): [number, number] {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value);
  const sec = Number(match?.[2]);
  if (match === null || !Number.isSafeInteger(sec))
    throw paxInvalid('the pax record mtime is not a time');
  const nsec = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return [sec, nsec];
  return nsec === 0 ? [0 - sec, 0] : [-sec - 1, 1_000_000_000 - nsec];
}

function paxInvalid(rule: string): Error {
  return layerInvalid('(pax header)', rule);
}
