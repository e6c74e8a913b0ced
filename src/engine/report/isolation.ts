import { readFile, readlink } from 'node:fs/promises';

/** The isolation of a running VMM, as the kernel reports it, not as requested. */
export interface VmmIsolation {
  /** Id of the VMM's user, if it is not the caller. */
  user: number | undefined;
  noNewPrivileges: boolean;
  /** The kernel filters its system calls. */
  seccomp: boolean;
  /** It holds no capability. */
  noCapabilities: boolean;
  /** Namespaces of its own: `mnt`, `net`, `pid`, …; undefined when the host does not show them. */
  namespaces: string[] | undefined;
}

const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];
const SECCOMP_FILTER = '2';

/** @returns undefined if the process does not exist (any more) */
export async function vmmIsolation(pid: number): Promise<VmmIsolation | undefined> {
  let status: string;
  try {
    status = await readFile(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  const { uid, ...isolation } = parseStatus(status);
  return {
    user: uid === process.geteuid?.() ? undefined : uid,
    ...isolation,
    namespaces: await ownNamespaces(pid),
  };
}

/** @param status the text of /proc/PID/status (proc(5)) */
export function parseStatus(status: string) {
  const fields = new Map(
    status.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const [, effective = ''] = (fields.get('Uid') ?? '').split(/\s+/);
  return {
    uid: Number(effective),
    noNewPrivileges: fields.get('NoNewPrivs') === '1',
    seccomp: fields.get('Seccomp') === SECCOMP_FILTER,
    noCapabilities: /^0+$/.test(fields.get('CapEff') ?? ''),
  };
}

async function ownNamespaces(pid: number): Promise<string[] | undefined> {
  try {
    const owned = await Promise.all(
      NAMESPACES.map(async (name) => {
        const [its, ours] = await Promise.all(
          [String(pid), 'self'].map((process) => readlink(`/proc/${process}/ns/${name}`)),
        );
        return its !== ours;
      }),
    );
    return NAMESPACES.filter((_, index) => owned[index]);
  } catch {
    return undefined;
  }
}
