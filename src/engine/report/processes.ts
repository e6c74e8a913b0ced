import { LIMITS } from '../../agent/protocol.js';
import type { Stats } from '../../agent/requests.js';
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { answered } from '../machine/within.js';
import type { EngineContext } from '../state/context.js';
import { runningClient } from '../state/running-client.js';

/** The kernel's limit for a program's name. */
const NAME_BYTES = 15;

/** One process in a box. Ids are the box's own; the guest reports all values, so they are untrusted. */
export interface BoxProcess {
  pid: number;
  parentPid: number;
  /** The effective ids, which decide what the process may do. */
  uid: number;
  gid: number;
  processGroup: number;
  sessionId: number;
  startedAt: Date;
  /** User and system time in milliseconds. */
  cpuMs: number;
  /** CPU usage over its life, in percent of one CPU. */
  cpuPercent: number;
  /** Size of its address space, most of which may be untouched. */
  virtualBytes: number;
  residentBytes: number;
  /** Resident memory, in percent of the box's memory. */
  memoryPercent: number;
  /** `pts/0`; undefined without one. */
  terminal: string | undefined;
  /** Whether its group is the terminal's foreground group. */
  foreground: boolean;
  /** The kernel's state letter: R runs, S sleeps, D waits for a device, T is stopped, Z has ended, … */
  state: string;
  /** From -20 (highest priority) to 19. */
  nice: number;
  threads: number;
  /** The processor it last ran on. */
  processor: number;
  /** The program's name, at most 15 bytes of it. */
  name: string;
  /** The command line, or the name in brackets if it has none. */
  command: string[];
}

/** Sorted by pid. @throws box-not-running, timeout */
export async function boxProcesses(
  context: EngineContext,
  record: BoxRecord,
): Promise<BoxProcess[]> {
  await using client = await runningClient(context, record);
  const stats = await answered(client.stats({ processes: true }), record);
  return processesOf(stats, Date.now()).sort((a, b) => a.pid - b.pid);
}

/** @param nowMs the host's time when the guest reported */
export function processesOf(stats: Stats, nowMs: number): BoxProcess[] {
  if (stats.list.length > LIMITS.MAX_PROCESSES)
    throw new BoxliteError(
      'protocol',
      `the box lists ${stats.list.length} processes, more than ${LIMITS.MAX_PROCESSES}`,
    );
  const uptimeMs = milliseconds(stats.uptimeNs);
  const memoryBytes = Number(stats.memoryTotal);
  return stats.list.map((each) => {
    // A process that claims to start in the future starts now.
    const ageMs = Math.max(uptimeMs - milliseconds(each.startNs), 0);
    const cpuMs = milliseconds(each.cpuNs);
    const residentBytes = Number(each.residentBytes);
    return {
      pid: each.pid,
      parentPid: each.parent,
      uid: each.uid,
      gid: each.gid,
      processGroup: each.group,
      sessionId: each.session,
      startedAt: new Date(Math.max(nowMs - ageMs, 0)),
      cpuMs,
      cpuPercent: ageMs > 0 ? (cpuMs / ageMs) * 100 : 0,
      virtualBytes: Number(each.virtualBytes),
      residentBytes,
      memoryPercent: memoryBytes > 0 ? (residentBytes / memoryBytes) * 100 : 0,
      terminal: each.terminal === 0 ? undefined : `pts/${each.terminal - 1}`,
      foreground: each.foreground === 1,
      state: stateOf(each.state),
      nice: Math.min(each.niceness - 20, 19),
      threads: each.threads,
      processor: each.processor,
      name: each.name.toString('utf8', 0, NAME_BYTES),
      command: wordsOf(each.command),
    };
  });
}

function stateOf(code: number): string {
  const letter = String.fromCharCode(code);
  return /^[A-Za-z]$/.test(letter) ? letter : '?';
}

function wordsOf(bytes: Buffer): string[] {
  return bytes.toString('utf8', 0, LIMITS.PROCESS_COMMAND).replace(/\0+$/, '').split('\0');
}

export const milliseconds = (ns: bigint): number => Number(ns / 1000n) / 1000;
