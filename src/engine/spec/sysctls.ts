/** Parameters of the box's kernel, as `--sysctl` sets them. */
import { LIMITS } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';

/** Docker's list of namespaced parameters. */
const NAMESPACED = new Set(
  ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
    (name) => `kernel/${name}`,
  ),
);
/**
 * The kernel belongs to the box alone, so it may set parameters that are mere limits. Parameters that run
 * programs outside the box (kernel.core_pattern, kernel.modprobe) or weaken a protection are excluded.
 */
const LIMITS_OF_THE_KERNEL = new Set(
  ['aio-max-nr', 'file-max', 'nr_open', 'pipe-max-size', 'pipe-user-pages-soft'].map(
    (name) => `fs/${name}`,
  ),
);
const OPEN_FOLDERS = ['net/', 'fs/mqueue/', 'fs/inotify/', 'fs/epoll/', 'vm/'];
/** Excluded from those folders: a page at address 0, for one, makes kernel bugs exploitable. */
const CLOSED = new Set(['vm/mmap_min_addr', 'vm/unprivileged_userfaultfd']);

const MAX_VALUE = 1024;
/** The guest agent's limit: with the prefix "sys/" and the final NUL, a path must fit 256 bytes. */
const MAX_PATH = 251;
/** Tabs are allowed: the kernel prints them between the numbers of a value. */
const CONTROLS = /[^\P{Cc}\t]/u;

/**
 * @param given by name, `net.ipv4.ip_forward` or `net/ipv4/ip_forward`
 * @param privileged a privileged box may have any
 * @throws invalid-argument naming the parameter that a box can't set
 */
export function settleSysctls(
  given: Readonly<Record<string, string>>,
  privileged: boolean,
): Record<string, string> {
  const entries = Object.entries(given);
  if (entries.length > LIMITS.MAX_SYSCTLS)
    throw invalid(`a box can have ${LIMITS.MAX_SYSCTLS} sysctls, not ${entries.length}`);
  for (const [name, value] of entries) {
    const path = sysctlPath(name);
    if (!privileged && !isOpen(path)) throw notAllowed(name);
    if (value === '' || value.length > MAX_VALUE || CONTROLS.test(value))
      throw invalid(`invalid value for sysctl ${name}: ${JSON.stringify(value.slice(0, 100))}`);
  }
  return { ...given };
}

/** As the guest agent expects them. */
export function sysctlSettings(
  sysctls: Readonly<Record<string, string>> = {},
): { name: string; value: string }[] {
  return Object.entries(sysctls).map(([name, value]) => ({ name: sysctlPath(name), value }));
}

/**
 * The path below /proc/sys. The first `.` or `/` in the name is the separator; the other one then stands for
 * a dot in the path (sysctl(8)): `net.ipv4.conf.eth0/100.forwarding`.
 */
function sysctlPath(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  const path = separator === '.' ? name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.')) : name;
  if (path.length > MAX_PATH)
    throw invalid(`the name of a sysctl is too long: "${name.slice(0, 100)}"`);
  const parts = path.split('/');
  if (parts.length < 2 || !parts.every((part) => /^[\w*+@:-][\w.*+@:-]*$/.test(part)))
    throw invalid(`"${name}" is no name of a sysctl`, 'give NAME=VALUE: net.ipv4.ip_forward=1');
  if (path.includes('..')) throw invalid(`"${name}" is no name of a sysctl`);
  return path;
}

function isOpen(path: string): boolean {
  if (NAMESPACED.has(path) || LIMITS_OF_THE_KERNEL.has(path)) return true;
  return OPEN_FOLDERS.some((folder) => path.startsWith(folder)) && !CLOSED.has(path);
}

function notAllowed(name: string): BoxliteError {
  const flag = /^kernel[./](hostname|domainname)$/.exec(name)?.[1];
  return invalid(
    `sysctl '${name}' is not allowed`,
    flag === undefined
      ? 'without --privileged a box has those of net., vm., fs.mqueue., fs.inotify., fs.epoll., some of fs. and the ' +
          'IPC ones of kernel.'
      : `use --${flag}`,
  );
}

function invalid(message: string, hint?: string): BoxliteError {
  return new BoxliteError('invalid-argument', message, hint === undefined ? {} : { hint });
}
