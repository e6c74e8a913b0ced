import { BoxliteError } from '../../errors.js';

/** Linux's MS_* (mount(2)). */
export const MOUNT_FLAGS = { RDONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8 } as const;
const SYNCHRONOUS = 16;
const NOATIME = 1024;
const NODIRATIME = 2048;
const RELATIME = 1 << 21;
const STRICTATIME = 1 << 24;

/** Docker's words that set or clear a flag. */
const FLAG_WORDS = new Map<string, readonly [set: boolean, flag: number]>([
  ['defaults', [true, 0]],
  ['ro', [true, MOUNT_FLAGS.RDONLY]],
  ['rw', [false, MOUNT_FLAGS.RDONLY]],
  ['nosuid', [true, MOUNT_FLAGS.NOSUID]],
  ['suid', [false, MOUNT_FLAGS.NOSUID]],
  ['nodev', [true, MOUNT_FLAGS.NODEV]],
  ['dev', [false, MOUNT_FLAGS.NODEV]],
  ['noexec', [true, MOUNT_FLAGS.NOEXEC]],
  ['exec', [false, MOUNT_FLAGS.NOEXEC]],
  ['sync', [true, SYNCHRONOUS]],
  ['async', [false, SYNCHRONOUS]],
  ['noatime', [true, NOATIME]],
  ['atime', [false, NOATIME]],
  ['nodiratime', [true, NODIRATIME]],
  ['diratime', [false, NODIRATIME]],
  ['relatime', [true, RELATIME]],
  ['norelatime', [false, RELATIME]],
  ['strictatime', [true, STRICTATIME]],
  ['nostrictatime', [false, STRICTATIME]],
]);

/** Options that the file system itself understands (tmpfs(5)). */
const VALUES = new Map([
  ['size', /^\d+[kmg%]?$/i],
  ['mode', /^[0-7]{1,4}$/],
  ['uid', /^\d+$/],
  ['gid', /^\d+$/],
  ['nr_inodes', /^\d+[kmg]?$/i],
  ['nr_blocks', /^\d+[kmg]?$/i],
  ['mpol', /^[a-z0-9:,=-]+$/],
]);

const DEFAULT_FLAGS = MOUNT_FLAGS.NOSUID | MOUNT_FLAGS.NODEV | MOUNT_FLAGS.NOEXEC;

/**
 * `size=64m,exec` → what mount(2) takes. A later option wins over an earlier one and over Docker's
 * defaults, `noexec,nosuid,nodev`.
 * @throws invalid-argument
 */
export function parseTmpfsOptions(text: string): { flags: number; data: string } {
  let flags = DEFAULT_FLAGS;
  const data = new Map<string, string>();
  for (const option of text === '' ? [] : text.split(',')) {
    const word = FLAG_WORDS.get(option);
    if (word !== undefined) {
      flags = word[0] ? flags | word[1] : flags & ~word[1];
      continue;
    }
    const [key = '', value] = option.split('=', 2);
    if (value === undefined || VALUES.get(key)?.test(value) !== true)
      throw new BoxliteError('invalid-argument', `Invalid tmpfs option "${option}"`, {
        hint: 'such as size=64m, mode=1777, uid=1000, exec or ro',
      });
    data.set(key, value);
  }
  return { flags, data: [...data].map((pair) => pair.join('=')).join(',') };
}
