import { readFileSync } from 'node:fs';

export interface VmmUser {
  uid: number;
  gid: number;
  groups: number[];
}

/** Above every range that distributions hand out (systemd's "Users, Groups, UIDs and GIDs"). */
const FIRST_VMM_UID = 1_900_000_000;

/**
 * Whom the VMM runs as when we are root: a user of its own for each box, who owns nothing. Undefined
 * when we are not root, or in a user namespace that does not map such a user.
 */
export function vmmUser(lockId: number): VmmUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = FIRST_VMM_UID + lockId;
  const maps = ['/proc/self/uid_map', '/proc/self/gid_map'];
  if (!maps.every((path) => isMapped(uid, readFileSync(path, 'utf8')))) return undefined;
  return { uid, gid: uid, groups: [] };
}

/** @param map the text of a uid_map or gid_map (user_namespaces(7)) */
export function isMapped(id: number, map: string): boolean {
  return map
    .trim()
    .split('\n')
    .some((line) => {
      const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return id >= inside && id < inside + count;
    });
}
