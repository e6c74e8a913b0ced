import { readFileSync } from 'node:fs';

const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;

/** Descriptors of a VMM: its files, at most 256 layers among them, and some for its own threads. */
const OPEN_FILES = 4096n;

/** What a VMM is held to, as setrlimit(2) takes it. */
export function vmmLimits(): { resource: number; soft: bigint; hard: bigint }[] {
  const files = lesser(OPEN_FILES, openFilesAllowed(readFileSync('/proc/self/limits', 'latin1')));
  return [
    // A core file of a VMM holds the guest's memory.
    { resource: RLIMIT_CORE, soft: 0n, hard: 0n },
    { resource: RLIMIT_NOFILE, soft: files, hard: files },
  ];
}

/**
 * The hard limit, above which nobody but root can raise his own: asking for more would fail every start.
 * @param limits text of /proc/PID/limits (proc(5))
 */
export function openFilesAllowed(limits: string): bigint {
  const [, hard] = /^Max open files +\S+ +(\d+)/m.exec(limits) ?? [];
  return hard === undefined ? OPEN_FILES : BigInt(hard);
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);
