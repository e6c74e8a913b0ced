import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { errnoOf } from '../../errors.js';

const DEVICE = '/dev/kvm';
const GROUP_READS_AND_WRITES = 0o060;

/** Why this process can't open /dev/kvm. */
export interface DeviceFault {
  reason: string;
  /** If only the permission is missing: how to get it. */
  cure?: string;
}

/** Opens the device: a container may forbid what the file mode allows, and there may be no KVM behind it. */
export function kvmDeviceFault(): DeviceFault | undefined {
  try {
    closeSync(openSync(DEVICE, constants.O_RDWR));
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return { reason: 'there is no /dev/kvm' };
    if (errno === 'EACCES') return notAllowed();
    return { reason: `/dev/kvm can't be opened (${errno ?? String(error)})` };
  }
}

/** Names the node's own group: not every distribution calls it kvm. */
function notAllowed(): DeviceFault {
  const { gid, mode } = statSync(DEVICE);
  const user = userName();
  if (gid === overflowGid())
    return {
      reason: '/dev/kvm belongs to a group that this container does not know',
      cure: 'start the container with the groups of its user (podman run --group-add keep-groups)',
    };
  const group = findGroup(gid);
  const groupHelps = gid !== 0 && (mode & GROUP_READS_AND_WRITES) === GROUP_READS_AND_WRITES;
  if (!groupHelps || !group || user === undefined || isMember(gid))
    return {
      reason: `/dev/kvm may not be opened by ${user ?? 'this user'}`,
      cure: `sudo setfacl -m u:${user ?? String(process.getuid?.())}:rw /dev/kvm, which holds until the host restarts`,
    };
  if (group.members.includes(user))
    return {
      reason: `/dev/kvm is for the group ${group.name}, which ${user} has joined since this login`,
      cure: 'log out and log in again',
    };
  return {
    reason: `/dev/kvm is for the group ${group.name}, which ${user} is not in`,
    cure: `sudo usermod -aG ${group.name} ${user}, then log in again`,
  };
}

/** The user's name; undefined for an id without a name. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

const isMember = (gid: number): boolean =>
  process.getegid?.() === gid || (process.getgroups?.() ?? []).includes(gid);

/** The id that the kernel shows for groups that a user namespace does not map. */
function overflowGid(): number {
  return Number(readFileSync('/proc/sys/kernel/overflowgid', 'utf8'));
}

/** The group in /etc/group. Groups of other directory services are not found; the caller has a fallback. */
function findGroup(gid: number): { name: string; members: string[] } | undefined {
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [name = '', , id, members = ''] = line.split(':');
    if (id === String(gid)) return { name, members: members.split(',') };
  }
  return undefined;
}
