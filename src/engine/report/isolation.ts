import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartedRecord } from '../machine/records.js';
import { wallNames } from '../machine/vmm/walls.js';

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
  /**
   * The walls that its supervisor has put around it: `namespaces`, `root` (a root of its own), `landlock`, `calls`
   * (the last filter), `cgroup`; and around itself: `shim-calls`, `shim-landlock`.
   */
  walls: string[];
  /** Its control group, if it has one. */
  group: VmmGroup | undefined;
  /** Those that the host has refused, and its reasons. */
  refused: Record<string, string>;
}

/** What the host bounds of a VMM. */
export interface VmmGroup {
  path: string;
  /** `memory`, `pids`, and where the host gives them `cpu` and `io`. */
  controllers: string[];
  /** Undefined: not bounded, or not known. */
  memoryBytes: number | undefined;
  tasks: number | undefined;
}

const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];
const SECCOMP_FILTER = '2';

/**
 * @param started the record of its start
 * @returns undefined if the process does not exist (any more)
 */
export async function vmmIsolation(
  pid: number,
  started?: Pick<StartedRecord, 'walls' | 'refused' | 'group'>,
): Promise<VmmIsolation | undefined> {
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
    walls: wallNames(started?.walls ?? 0),
    group: await groupOf(started?.group),
    refused: Object.fromEntries(
      (started?.refused ?? []).flatMap(({ wall, reason }) =>
        wallNames(wall).map((name) => [name, reason] as const),
      ),
    ),
  };
}

async function groupOf(group: StartedRecord['group']): Promise<VmmGroup | undefined> {
  if (group === undefined) return undefined;
  const { path, controllers } = group;
  const bound = async (file: string): Promise<number | undefined> => {
    const text = await readFile(join(path, file), 'latin1').catch(() => '');
    return /^\d+\n$/.test(text) ? Number(text) : undefined;
  };
  return {
    path,
    controllers,
    memoryBytes: await bound('memory.max'),
    tasks: await bound('pids.max'),
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
