import { readFileSync } from 'node:fs';
import { BoxliteError } from '../../../errors.js';
import type { MachineSpec } from '../../../vmm/driver.js';

/** A resource limit of a VMM, as for setrlimit(2). */
export interface VmmLimit {
  resource: number;
  soft: bigint;
  hard: bigint;
}

const MIB = 2n ** 20n;

/** Descriptors of a VMM: its files, at most 256 layers among them, and some for its own threads. */
const OPEN_FILES = 4096n;

/**
 * What a VMM maps besides its guest's memory: 190 MiB, including translated code, and the stacks of the 64
 * threads with which QEMU reads and writes files, 8 MiB each. The rest is for state that a guest causes: open
 * files of the export, connections. A guest that causes more ends its own VMM instead of exhausting the
 * host's memory.
 */
const BESIDE_GUEST = 1024n * MIB;
/** With less it certainly does not run. */
const LEAST_BESIDE_GUEST = 128n * MIB;
const BESIDE_PROCESSOR = 16n * MIB;

/** Those 64, one per processor, and some of QEMU's own. */
const THREADS = 128;

/**
 * @param ownUser the VMM is the only process of its user; otherwise the caller's processes count, too
 * @throws host-limit when the caller's limits do not allow that much memory
 */
export function vmmLimits({ cpus, memoryMib }: MachineSpec, ownUser: boolean): VmmLimit[] {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const guest = BigInt(memoryMib) * MIB;
  checkAllowed(guest, limits);
  const { memory, tasks } = vmmBounds({ cpus, memoryMib });
  return [
    // A VMM's core file would contain the guest's memory.
    limit(4, 0n),
    limit(7, lesser(OPEN_FILES, allowed('Max open files', limits))),
    limit(2, lesser(memory, allowed('Max data size', limits))),
    // Locked memory and message queues: a VMM uses neither.
    limit(8, 0n),
    limit(12, 0n),
    ...(ownUser ? [limit(6, BigInt(tasks))] : []),
  ];
}

/** What a VMM never needs more of: the bounds of its control group, where the host gives it one. */
export interface VmmBounds {
  /** Bytes. */
  memory: bigint;
  /** Threads. */
  tasks: number;
}

export function vmmBounds({ cpus, memoryMib }: Pick<MachineSpec, 'cpus' | 'memoryMib'>): VmmBounds {
  const memory = BigInt(memoryMib) * MIB + BESIDE_GUEST + BigInt(cpus) * BESIDE_PROCESSOR;
  return { memory, tasks: THREADS + cpus };
}

/** A VMM that can't map its guest's memory does not always report why it ends. */
function checkAllowed(guest: bigint, limits: string): void {
  for (const [name, option] of MEMORY_LIMITS) {
    const most = allowed(name, limits);
    const least = guest + LEAST_BESIDE_GUEST;
    if (most >= least) continue;
    throw new BoxliteError(
      'host-limit',
      `a machine of ${guest / MIB} MiB needs ${least / MIB} MiB, and ${most / MIB} MiB are allowed (ulimit ${option})`,
      { hint: `raise the limit, or give the box less memory (--memory)` },
    );
  }
}

const MEMORY_LIMITS = [
  ['Max data size', '-d'],
  ['Max address space', '-v'],
] as const;

const limit = (resource: number, value: bigint): VmmLimit => ({
  resource,
  soft: value,
  hard: value,
});

const UNLIMITED = 2n ** 64n - 1n;

/**
 * The hard limit, which only root can raise: asking for more would fail every start.
 * @param limits text of /proc/PID/limits (proc(5))
 */
export function allowed(name: string, limits: string): bigint {
  const row = limits.split('\n').find((line) => line.startsWith(`${name} `));
  const [, hard] = /^ +\S+ +(\d+)/.exec(row?.slice(name.length) ?? '') ?? [];
  return hard === undefined ? UNLIMITED : BigInt(hard);
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);
