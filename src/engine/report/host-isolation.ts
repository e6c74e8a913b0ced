import { existsSync, readFileSync } from 'node:fs';
import { hostWalls } from '../machine/vmm/host-walls.js';
import { vmmIds } from '../machine/vmm/ids.js';
import { mountRefusal } from '../machine/volumes-start.js';

/** A part of the VMM's isolation, and whether this host allows it to the caller. */
export interface HostIsolation {
  name: 'own user' | 'user namespaces' | 'seccomp' | 'landlock' | 'control groups';
  stands: boolean;
  /** Its purpose if the host allows it, else what is missing. */
  detail: string;
}

/**
 * Reads what the host allows, and tries what only a trial shows. The isolation of a box itself is in its
 * inspection.
 * @throws setup-needed when the shim for the trial is missing
 */
export async function hostIsolation(): Promise<HostIsolation[]> {
  const { landlock, cgroup } = await hostWalls();
  return [
    ownUser(),
    await userNamespaces(),
    seccomp(),
    { name: 'landlock', ...landlock },
    { name: 'control groups', ...cgroup },
  ];
}

function ownUser(): HostIsolation {
  const name = 'own user';
  if (vmmIds() !== undefined) return { name, stands: true, detail: 'one a box' };
  const detail =
    process.getuid?.() === 0
      ? 'this user namespace has no users to spare'
      : 'only root may give the VMM another user';
  return { name, stands: false, detail };
}

async function userNamespaces(): Promise<HostIsolation> {
  const refusal = await mountRefusal();
  return {
    name: 'user namespaces',
    stands: refusal === undefined,
    detail: refusal ?? 'for what QEMU sees, and for boxes with volumes',
  };
}

function seccomp(): HostIsolation {
  const name = 'seccomp';
  const stands =
    existsSync('/proc/sys/kernel/seccomp/actions_avail') ||
    /^Seccomp:/m.test(readFileSync('/proc/self/status', 'utf8'));
  return {
    name,
    stands,
    detail: stands ? 'filters around QEMU' : 'the kernel was built without it',
  };
}
