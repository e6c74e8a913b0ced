/** What a box's commands may do: added and dropped capabilities, and resource limits. */
import { BoxliteError } from '../../errors.js';

export interface Ulimit {
  /** As in `--ulimit`: `nofile`, `nproc`, … */
  name: string;
  /** −1: no limit. */
  soft: number;
  hard: number;
}

/** Stored with a box; boxes created before the option existed lack it. */
export interface Privileges {
  /** Every capability, and the kernel's files unmasked. */
  privileged: boolean;
  /** `CAP_NET_ADMIN` each, or `ALL`. */
  capAdd: string[];
  capDrop: string[];
  ulimits: Ulimit[];
}

/** Linux's numbers, by position (linux/capability.h). */
const CAPABILITIES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID'],
  ...['SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW'],
  ...['IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT'],
  ...['SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD'],
  ...['LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG'],
  ...['WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE'],
].map((name) => `CAP_${name}`);

const DEFAULT_CAPABILITIES = new Set(
  [
    ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
    ...['NET_BIND_SERVICE', 'NET_RAW', 'SYS_CHROOT', 'MKNOD', 'AUDIT_WRITE', 'SETFCAP'],
  ].map((name) => `CAP_${name}`),
);

/** RLIMIT_* of Linux. */
const RESOURCES: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

const UNLIMITED = 2n ** 64n - 1n;

/**
 * The limits that Docker's containers inherit from the daemon, and that from systemd: programs that close
 * every possible descriptor are slow with a limit of a million.
 */
const DEFAULT_ULIMITS: readonly Ulimit[] = [{ name: 'nofile', soft: 1024, hard: 524_288 }];

/** @throws invalid-argument for an unknown capability or limit */
export function settlePrivileges(options: {
  privileged?: boolean;
  capAdd?: string[];
  capDrop?: string[];
  ulimits?: Ulimit[];
}): Privileges {
  return {
    privileged: options.privileged === true,
    capAdd: (options.capAdd ?? []).map((name) => capability(name, 'CapAdd')),
    capDrop: (options.capDrop ?? []).map((name) => capability(name, 'CapDrop')),
    ulimits: (options.ulimits ?? []).map(checkUlimit),
  };
}

/** A command's privileges: all, even if its box lacks them, or the box's. */
export function withPrivileged(
  box: Privileges | undefined,
  privileged: boolean,
): Privileges | undefined {
  return privileged ? { ...settlePrivileges({}), ...box, privileged } : box;
}

/**
 * Bit n is capability n. By Docker's rules: an added capability wins over a dropped one, unless it comes from
 * ALL.
 */
export function capabilityMask(privileges: Privileges | undefined): bigint {
  const { privileged = false, capAdd = [], capDrop = [] } = privileges ?? {};
  const has = (name: string): boolean => {
    if (privileged) return true;
    if (capAdd.includes('ALL')) return !capDrop.includes(name);
    if (capAdd.includes(name)) return true;
    if (capDrop.includes('ALL') || capDrop.includes(name)) return false;
    return DEFAULT_CAPABILITIES.has(name);
  };
  return CAPABILITIES.reduce(
    (mask, name, number) => (has(name) ? mask | (1n << BigInt(number)) : mask),
    0n,
  );
}

/** What a box does with the kernel is up to it then, whether it is privileged or not. */
export function mayLoadModules(privileges: Privileges | undefined): boolean {
  const bit = BigInt(CAPABILITIES.indexOf('CAP_SYS_MODULE'));
  return (capabilityMask(privileges) & (1n << bit)) !== 0n;
}

/** As the guest expects them; the last limit of a name counts. */
export function resourceLimits(
  privileges: Privileges | undefined,
): { resource: number; soft: bigint; hard: bigint }[] {
  const ulimits = [...DEFAULT_ULIMITS, ...(privileges?.ulimits ?? [])];
  const byName = new Map(ulimits.map((each) => [each.name, each]));
  const limit = (value: number): bigint => (value === -1 ? UNLIMITED : BigInt(value));
  return [...byName.values()].map(({ name, soft, hard }) => ({
    resource: RESOURCES[name] ?? 0,
    soft: limit(soft),
    hard: limit(hard),
  }));
}

/** `net_admin`, `NET_ADMIN`, `CAP_NET_ADMIN` → the last of these; also accepts ALL. */
function capability(given: string, option: string): string {
  const upper = given.toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (CAPABILITIES.includes(name)) return name;
  throw new BoxliteError('invalid-argument', `invalid ${option}: unknown capability: "${name}"`, {
    hint: 'capabilities(7) lists them; CAP_ may be left out',
  });
}

function checkUlimit(ulimit: Ulimit): Ulimit {
  const { name, soft, hard } = ulimit;
  if (!Object.hasOwn(RESOURCES, name))
    throw new BoxliteError('invalid-argument', `invalid ulimit type: ${name}`, {
      hint: `limits are ${Object.keys(RESOURCES).sort().join(', ')}`,
    });
  for (const value of [soft, hard])
    if (!Number.isSafeInteger(value) || value < -1)
      throw new BoxliteError('invalid-argument', `invalid ulimit value for ${name}: ${value}`);
  const over = hard !== -1 && (soft === -1 || soft > hard);
  if (over)
    throw new BoxliteError(
      'invalid-argument',
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  return ulimit;
}
