import { readFileSync } from 'node:fs';
import { LIMITS } from '../../../agent/protocol.js';
import { BoxliteError } from '../../../errors.js';
import type { BoxRecord } from '../../../store/box-record.js';
import { boxName } from '../../spec/names/box-name.js';
import { SecurityOptions } from '../../spec/security.js';

/** Where the shim takes the users of a VMM from: ranges of `LIMITS.SHARE_IDS` ids (native/shim/vmm/ids.h). */
export interface VmmIds {
  /** The directory that records the ranges in use, for all homes of this host. */
  directory: string;
  first: number;
  ranges: number;
  /** Ids that others on this host use. */
  foreign: IdRange[];
}

export interface IdRange {
  first: number;
  last: number;
}

const DIRECTORY = '/run/boxlite';

/**
 * Above all ids that distributions and directory services assign (systemd's "Users, Groups, UIDs and GIDs"),
 * and below the id of the user nobody.
 */
const FIRST = 2 ** 31;
const RANGES = 2 ** 15 - 1;

/** The most that the shim accepts. */
const MOST_FOREIGN = 64;

/**
 * The users of VMMs if we are root: each VMM gets one that is unique on this host and owns nothing. Undefined
 * if we are not root, or in a user namespace without such users.
 */
export function vmmIds(): VmmIds | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const all = { first: FIRST, last: FIRST + RANGES * LIMITS.SHARE_IDS - 1 };
  const maps = ['/proc/self/uid_map', '/proc/self/gid_map'];
  if (!maps.every((path) => isMapped(all, readFileSync(path, 'utf8')))) return undefined;
  const named = ['/etc/passwd', '/etc/group'].flatMap((path) => namedIds(readIfThere(path)));
  const lent = ['/etc/subuid', '/etc/subgid'].flatMap((path) => lentIds(readIfThere(path)));
  const foreign = merge([...named, ...lent].filter(({ last }) => last >= FIRST));
  return { directory: DIRECTORY, first: FIRST, ranges: RANGES, foreign };
}

/** @param map the text of a uid_map or gid_map (user_namespaces(7)) */
export function isMapped({ first, last }: IdRange, map: string): boolean {
  return map
    .trim()
    .split('\n')
    .some((line) => {
      const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return first >= inside && last < inside + count;
    });
}

/**
 * @param text of /etc/passwd, whose fourth field is a group id, or of /etc/group, whose fourth is not a
 *   number
 */
export function namedIds(text: string): IdRange[] {
  return rows(text).flatMap(([, , id = NaN, group = NaN]) =>
    [id, group].filter(Number.isSafeInteger).map((each) => ({ first: each, last: each })),
  );
}

/** @param text of /etc/subuid or /etc/subgid (subuid(5)) */
export function lentIds(text: string): IdRange[] {
  return rows(text)
    .map(([, first = NaN, count = NaN]) => ({ first, last: first + count - 1 }))
    .filter(({ first, last }) => Number.isSafeInteger(first) && last >= first);
}

/** Sorted and without overlap; if the shim accepts fewer, the last range spans the rest. */
export function merge(ranges: readonly IdRange[]): IdRange[] {
  const merged: IdRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before && (range.first <= before.last + 1 || merged.length === MOST_FOREIGN))
      before.last = Math.max(before.last, range.last);
    else merged.push({ ...range });
  }
  return merged;
}

const rows = (text: string): (number | undefined)[][] =>
  text
    .split('\n')
    .map((line) => line.split(':').map((field) => (field === '' ? NaN : Number(field))));

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Users for the VMM of a box. @throws unsupported when the VMM must have one of its own but can't */
export function requiredVmmIds(
  { vmmUser: policy } = SecurityOptions.standard(),
  box: Pick<BoxRecord, 'id' | 'name'>,
): VmmIds | undefined {
  if (policy === 'off') return undefined;
  const ids = vmmIds();
  if (ids === undefined && policy === 'require')
    throw new BoxliteError(
      'unsupported',
      `box ${boxName(box)} is to have a VMM with a user of its own, which only root can give it`,
      { hint: "run as root, or take the preset `standard` (or vmmUser: 'try')" },
    );
  return ids;
}
