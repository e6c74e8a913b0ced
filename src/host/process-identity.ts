import { readFileSync } from 'node:fs';
import { BoxliteError, errnoOf, fileError } from '../errors.js';

/**
 * Identifies one process for ever: a pid is reused, but a pid with its start time within one boot
 * of the host is not. Valid among processes that see the same pid namespace.
 */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks from the host's boot to the start of the process: field 22 of /proc/PID/stat. */
  startTicks: number;
  /** /proc/sys/kernel/random/boot_id */
  bootId: string;
}

/** What the kernel reports about a live process. */
export interface ProcessStat {
  /** One letter; `T` when a signal has stopped it. */
  state: string;
  parentPid: number;
  /** It no longer runs its program; its files may be closed already. */
  exiting: boolean;
  startTicks: number;
}

/** @returns undefined when no such process is alive (a zombie is not) */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: readBootId() };
}

/**
 * Our own identity; read once.
 * @throws unsupported when /proc does not provide it
 */
export function ownIdentity(): ProcessIdentity {
  own ??= identifyProcess(process.pid);
  if (own === undefined) throw noProc('does not show this process');
  return own;
}

export function isAlive(identity: ProcessIdentity): boolean {
  return statOf(identity) !== undefined;
}

/** @returns undefined when it is no longer alive */
export function statOf({ pid, startTicks, bootId }: ProcessIdentity): ProcessStat | undefined {
  if (bootId !== readBootId()) return undefined;
  const stat = readStat(pid);
  return stat?.startTicks === startTicks ? stat : undefined;
}

/** Whether the process started during the host's current boot; otherwise it can't be alive. */
export function isOfThisBoot({ bootId }: ProcessIdentity): boolean {
  return bootId === readBootId();
}

/** The id of the host's current boot. */
export function currentBootId(): string {
  return readBootId();
}

/**
 * Reads the text of /proc/PID/stat (proc(5)).
 * @returns undefined for a process that has ended, reaped or not
 */
export function parseStat(stat: string): ProcessStat | undefined {
  // Field 2 is the program's name in parentheses, which may itself contain spaces and parentheses;
  // nothing after it does, so the last `)` ends it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  if (state === 'Z' || state === 'X' || state === 'x') return undefined;
  const parentPid = Number(fields[FIELD_PPID - FIELD_STATE]);
  const exiting = (Number(fields[FIELD_FLAGS - FIELD_STATE]) & PF_EXITING) !== 0;
  const startTicks = Number(fields[FIELD_STARTTIME - FIELD_STATE]);
  return Number.isSafeInteger(startTicks) ? { state, parentPid, exiting, startTicks } : undefined;
}

const FIELD_STATE = 3;
const FIELD_PPID = 4;
const FIELD_FLAGS = 9;
const FIELD_STARTTIME = 22;

/** include/linux/sched.h */
const PF_EXITING = 0x4;

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

let own: ProcessIdentity | undefined;
let bootId: string | undefined;

/** @returns undefined when no such process is alive */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ESRCH') return undefined;
    throw fileError(error, `read /proc/${pid}/stat`);
  }
}

function readBootId(): string {
  try {
    bootId ??= readFileSync(BOOT_ID, 'utf8').trim();
    return bootId;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw noProc(`has no ${BOOT_ID}`);
    throw fileError(error, `read ${BOOT_ID}`);
  }
}

function noProc(what: string): BoxliteError {
  return new BoxliteError(
    'unsupported',
    `/proc ${what}, so that nobody can tell which processes still run`,
    { hint: 'mount /proc here as a whole: mount -t proc proc /proc' },
  );
}
