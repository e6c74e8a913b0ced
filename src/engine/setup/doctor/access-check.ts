/** Checks who else can read or change the data of boxes. */
import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Home } from '../../../host/home.js';
import { type Finding, note, ok, warning } from './check.js';
import { nearestExisting } from './home-check.js';
import { shellWord } from './shell-word.js';

const ROOT = 0;
const OTHERS = 0o077;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** In such a directory, only the owner of a file may rename or remove it. */
const STICKY = 0o1000;
/** The system clears these at boot, or removes old files from them. */
const TEMPORARY = ['/tmp', '/var/tmp', '/dev/shm', '/run'];

/** Whoever else owns or can write the home chooses what our boxes boot. */
export function checkAccess(home: Home): Finding {
  const self = process.geteuid?.() ?? ROOT;
  if (!existsSync(home.root)) {
    const above = realpathSync(nearestExisting(home.root));
    return checkParents(above, self) ?? ok('it will be yours alone');
  }
  const root = realpathSync(home.root);
  const stats = statSync(root);
  if (stats.uid !== self) return foreign(root, stats.uid, self);
  if (isOpenToWriters(stats))
    return warning(
      `others may write to ${root}, and put their own kernel or images there`,
      `chmod go-w ${shellWord(root)}`,
    );
  const readable = home.privateDirectories().find((path) => hasMode(path, OTHERS));
  if (readable !== undefined)
    return warning(`others may read ${readable}`, `chmod 700 ${shellWord(readable)}`);
  return checkParents(dirname(root), self) ?? checkPlace(root);
}

function foreign(root: string, owner: number, self: number): Finding {
  if (self !== ROOT)
    return warning(
      `${root} belongs to user ${owner}, who can change what your boxes boot`,
      'set BOXLITE_HOME to a directory of your own',
    );
  return warning(
    `${root} belongs to user ${owner}, and this is root: what root writes there that user can not use`,
    'run BoxLite without sudo, or set BOXLITE_HOME to a directory of root',
  );
}

/**
 * Whoever can rename a directory above the home can put another in its place.
 * @param lowest the nearest one above it
 */
function checkParents(lowest: string, self: number): Finding | undefined {
  for (let path = lowest; ; path = dirname(path)) {
    const { uid, mode } = statSync(path);
    if (uid !== ROOT && uid !== self)
      return warning(
        `${path}, above the home, belongs to user ${uid}, who could put another home in its place`,
        'set BOXLITE_HOME to a directory below one of your own',
      );
    if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0)
      return warning(
        `anybody may put another home in the place of yours: ${path} is writable for all`,
        `chmod o-w ${shellWord(path)} (or chmod +t, as /tmp has it)`,
      );
    if (path === dirname(path)) return undefined;
  }
}

function checkPlace(root: string): Finding {
  const place = TEMPORARY.find((each) => root.startsWith(`${each}/`));
  return place === undefined
    ? ok('yours alone')
    : note(`yours alone; but it lies in ${place}, which the system clears`);
}

/** A group other than our own has unknown members. */
function isOpenToWriters({ mode, gid }: Stats): boolean {
  return (
    (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== process.getegid?.())
  );
}

function hasMode(path: string, bits: number): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & bits) !== 0;
}
