import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError, limitError } from '../../errors.js';
import { BOX_FILES } from '../../host/home.js';
import type { ProcessIdentity } from '../../host/process-identity.js';
import { withoutActing } from '../../terminal-text.js';
import type { PublishedPort } from '../spec/network/ports.js';

/** Exit code of an end without a record, as of a killed box. */
export const KILLED_CODE = 137;

/**
 * The records that a shim writes to its box's directory, each by write-then-rename. They may come from an
 * older shim or a damaged disk, so reading checks them.
 */

export interface StartedRecord {
  atMs: number;
  shimPid: number;
  vmmPid: number;
  /** Identifies the shim reliably; another process may have its pid by now. */
  shim: ProcessIdentity;
  /** Of `WALLS`: those around the VMM. */
  walls: number;
  refused: readonly RefusedWall[];
  /** The VMM's control group, if it has one, and what the kernel bounds there: `memory`, `pids`, … */
  group?: { path: string; controllers: string[] };
}

/** A wall of the VMM's jail that the host does not allow. */
export interface RefusedWall {
  /** One of `WALLS`. */
  wall: number;
  reason: string;
}

export interface ExitRecord {
  atMs: number;
  code: number;
  signal: number;
  oom: boolean;
  timedOut: boolean;
  /** exited, vmm-died, killed; unreadable when the record exists but can't be parsed. */
  reason: string;
  /** Why the VMM died, if it did. */
  message: string;
  /** The signal that killed the VMM, unless BoxLite sent it; 0: none. */
  vmmSignal: number;
}

export async function startedRecord(directory: string): Promise<StartedRecord | undefined> {
  const record = await readRecord(directory, 'started');
  if (record === undefined) return undefined;
  return {
    atMs: time(record.at),
    shimPid: number(record.shimPid),
    vmmPid: number(record.vmmPid),
    shim: {
      pid: number(record.shimPid),
      startTicks: number(record.shimStartTicks),
      bootId: text(record.bootId),
    },
    walls: number(record.walls),
    refused: listOf(record.refused).map(({ wall, reason }) => ({
      wall: number(wall),
      reason: printable(text(reason)),
    })),
    ...(text(record.group) !== '' && {
      group: {
        path: text(record.group),
        controllers: text(record.controllers).split(' ').filter(Boolean),
      },
    }),
  };
}

export async function exitRecord(directory: string): Promise<ExitRecord | undefined> {
  const record = await readRecord(directory, 'exit');
  if (record === undefined) return undefined;
  // A damaged record must not read as success.
  const readable = Number.isSafeInteger(record.code);
  return {
    atMs: time(record.at),
    code: readable ? number(record.code) : KILLED_CODE,
    signal: number(record.signal),
    oom: record.oom === true,
    timedOut: record.timedOut === true,
    reason: readable ? text(record.reason) : 'unreadable',
    message: printable(text(record.message)),
    vmmSignal: number(record.vmmSignal),
  };
}

/**
 * Why a box did not come up: the stage, and the last lines of the console and of the VMM. The code is
 * `host-limit` if a resource was short, and `vmm-failed` if the VMM itself gave up, as it does on unusable
 * input. Undefined without such a record, and if the VMM was ended on request: the requester knows why.
 */
export async function bootError(directory: string, box: string): Promise<BoxliteError | undefined> {
  const record = await readRecord(directory, 'bootError');
  if (record === undefined || record.vmmEnd === 'requested') return undefined;
  const gaveUp = record.stage === 'vmm' && endedByItself(record);
  const stage = printable(text(record.stage)) || 'unknown';
  const said = [text(record.vmm), text(record.console)]
    .flatMap((lines) => lines.trimEnd().split('\n').slice(-8))
    .map(printable)
    .filter((line) => line !== '' && !line.endsWith(INTENDED));
  const below = said.map((line) => `\n  | ${line}`).join('');
  const short = limitError(undefined, `start box ${box}`, shortage(record));
  if (short !== undefined)
    return new BoxliteError('host-limit', short.message + below, {
      stage,
      ...(short.hint !== undefined && { hint: short.hint }),
    });
  const reason = printable(text(record.message)) || 'no reason is known';
  return new BoxliteError(
    gaveUp ? 'vmm-failed' : 'boot-failed',
    `box ${box} did not start (stage ${stage}): ${reason}${below}`,
    { stage, ...adviceOn(number(record.vmmSignal), record.oom === true) },
  );
}

/** Whether the shim has refused to start because another machine has one of the box's disks open. */
export async function diskIsTaken(directory: string): Promise<boolean> {
  const record = await readRecord(directory, 'bootError');
  return record?.stage === 'jail' && errnoName(number(record.errno)) === 'EBUSY';
}

export interface RefusedPort {
  protocol: PublishedPort['protocol'];
  hostAddress: string;
  hostPort: number;
  /** `EADDRINUSE`, `EACCES`, … */
  errno: string;
  /** The system's own words for it. */
  reason: string;
}

/** The published port that the shim could not bind; it has started nothing then. */
export async function refusedPort(directory: string): Promise<RefusedPort | undefined> {
  const record = await readRecord(directory, 'bootError');
  if (record?.stage !== 'network') return undefined;
  return portOfRefusal({ errno: number(record.errno), message: text(record.message) });
}

/** The same of a refusal while the box runs. */
export function portOfRefusal(refusal: {
  errno: number;
  message: string;
}): RefusedPort | undefined {
  const match = REFUSED.exec(refusal.message);
  if (match === null) return undefined;
  const [, address = '', port, protocol, reason = ''] = match;
  return {
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    hostAddress: address.replace(/^\[(.*)\]$/, '$1'),
    hostPort: Number(port),
    errno: errnoName(refusal.errno) ?? 'unknown',
    reason: printable(reason),
  };
}

/** The shim's message, in which only the port varies. */
const REFUSED = /^listen on (\S+):(\d+)\/(tcp|udp): (.*)$/;

/** What QEMU always reports on a machine without a network. */
const INTENDED = 'warning: hub 0 is not connected to host network';

/** QEMU and the loader report an errno only as text, and always this one: their locale is C. */
const SHORTAGES: readonly (readonly [words: RegExp, errno: string])[] = [
  [/Resource temporarily unavailable/, 'EAGAIN'],
  [/Too many open files/, 'EMFILE'],
  [/Cannot allocate memory|failed to map segment|failed to allocate|memory exhausted/, 'ENOMEM'],
];

function shortage(record: Record<string, unknown>): string | undefined {
  if (endedByItself(record)) return shortageInWords(text(record.vmm));
  return record.stage === 'jail' ? errnoName(number(record.errno)) : undefined;
}

const endedByItself = ({ vmmEnd }: Record<string, unknown>): boolean =>
  vmmEnd === 'exited' || vmmEnd === 'aborted';

/** The resource that the VMM lacked; failures of KVM itself do not count. */
function shortageInWords(said: string): string | undefined {
  const lines = said.split('\n').filter((line) => !/kvm/i.test(line));
  return SHORTAGES.find(([words]) => lines.some((line) => words.test(line)))?.[1];
}

function errnoName(errno: number): string | undefined {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0];
}

/** The VMM's failure that ended a box's commands; undefined if the VMM did not end by itself. */
export async function vmmFailure(
  directory: string,
  box: string,
): Promise<BoxliteError | undefined> {
  const exit = await exitRecord(directory);
  if (exit?.reason !== 'vmm-died') return undefined;
  const said = exit.message === '' ? '' : `: ${exit.message}`;
  return new BoxliteError(
    'vmm-failed',
    `the virtual machine of box ${box} ended unexpectedly${said}`,
    adviceOn(exit.vmmSignal, exit.oom),
  );
}

/** What the host most likely lacked when one of its signals killed a VMM. */
function adviceOn(signal: number, outOfBounds: boolean): { hint?: string } {
  const { SIGKILL, SIGBUS, SIGSYS } = constants.signals;
  if (signal === SIGKILL && outOfBounds)
    return {
      hint:
        'no VMM needs that much: its guest may have taken it over, or keeps very many files of volumes open ' +
        '(more --memory allows the VMM more, too)',
    };
  if (signal === SIGKILL)
    return {
      hint: 'the kernel kills so where memory is short (`dmesg` tells): free some, or give the box less (--memory)',
    };
  if (signal === SIGSYS)
    return {
      hint:
        'it made a system call that no VMM needs: its guest may have taken it over; or this QEMU is newer than ' +
        'BoxLite knows (report it; the library runs such a box with `vmmSandbox: false`)',
    };
  if (signal === SIGBUS)
    return {
      hint: 'the kernel does that where the file system of the home is full, as a tmpfs, or fails: free some space, or look at `dmesg`',
    };
  return {};
}

/** The published ports of a box's last start, with the numbers that the kernel chose. */
export async function portsRecord(directory: string): Promise<PublishedPort[]> {
  return (await recordedPorts(directory)) ?? [];
}

/** Undefined where nothing is recorded, as of a box without a network. */
export async function recordedPorts(directory: string): Promise<PublishedPort[] | undefined> {
  const { ports } = (await readRecord(directory, 'ports')) ?? {};
  if (!Array.isArray(ports)) return undefined;
  return listOf(ports).map((port) => ({
    protocol: port.protocol === 'udp' ? 'udp' : 'tcp',
    hostAddress: printable(text(port.hostAddress)),
    hostPort: number(port.hostPort),
    boxPort: number(port.boxPort),
  }));
}

/** Why a running box has lost its network; undefined while it has it, or never had one. */
export async function networkEnd(
  directory: string,
): Promise<{ atMs: number; message: string } | undefined> {
  const record = await readRecord(directory, 'netEnded');
  if (record === undefined) return undefined;
  return { atMs: time(record.at), message: printable(text(record.message)) };
}

type RecordName = 'started' | 'exit' | 'bootError' | 'ports' | 'netEnded';
type ShimRecord = Record<string, unknown> | undefined;

/** Read synchronously: `ps` would load Node's file promises just for these few hundred bytes. */
function readRecord(directory: string, name: RecordName): Promise<ShimRecord> {
  return new Promise((resolve) => resolve(readRecordAtOnce(directory, name)));
}

function readRecordAtOnce(directory: string, name: RecordName): ShimRecord {
  const path = join(directory, BOX_FILES[name]);
  try {
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof record === 'object' && record !== null ? (record as Record<string, unknown>) : {};
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    if (error instanceof SyntaxError) return {};
    throw fileError(error, `read ${path}`);
  }
}

const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map((each: unknown) => Object(each) as Record<string, unknown>) : [];
const number = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const time = (value: unknown): number => {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) ? 0 : ms;
};

/** The guest and the VMM write these lines; they must not control a terminal or reverse its text. */
function printable(line: string): string {
  return withoutActing(line, '').slice(0, 400);
}
