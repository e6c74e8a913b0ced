import { ShimClient } from '../agent/client.js';
import { BoxliteError } from '../errors.js';
import type { Home } from '../home.js';
import type { BoxPatch, BoxRecord } from '../store/box-record.js';
import type { Database } from '../store/database.js';
import { isActive, type BoxStatus } from '../store/status.js';
import { exitFact, KILLED_CODE, startedFact, type ExitFact, type StartedFact } from './facts.js';

export interface Observation {
  status: BoxStatus;
  patch: BoxPatch;
}

/**
 * The truth about a box: what the database holds, corrected by the facts its shim has left and by
 * whether a shim answers. Reads only; `settle` writes it down.
 *
 * The database may lag: whoever started or stopped the box may have been killed before writing.
 */
export async function observe(home: Home, record: BoxRecord): Promise<Observation> {
  const directory = home.box(record.id);
  const started = await startedFact(directory);
  const unrecordedStart = started !== undefined && started.atMs !== record.startedAt;
  if (!isActive(record.status) && !unrecordedStart) return { status: record.status, patch: {} };

  const patch = unrecordedStart ? startPatch(started) : {};
  // The exit is looked for on both sides of the question whether a shim is there: it writes the fact
  // before it goes.
  const exit =
    (await exitFact(directory)) ??
    ((await shimAnswers(directory)) ? undefined : ((await exitFact(directory)) ?? 'lost'));
  if (exit === undefined) return { status: 'running', patch };
  return { status: 'stopped', patch: { ...patch, ...exitPatch(exit) } };
}

/** The record as it should be read. */
export async function observed(home: Home, record: BoxRecord): Promise<BoxRecord> {
  try {
    const { status, patch } = await observe(home, record);
    return { ...record, ...patch, status };
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    // The truth can't be had: an unreadable directory, a shim that does not speak our protocol.
    return { ...record, status: 'unknown', error: error.message };
  }
}

/** Writes down what is observed, unless the box has changed meanwhile; returns it as it is now. */
export async function settle(
  home: Home,
  database: Database,
  record: BoxRecord,
): Promise<BoxRecord> {
  const { status, patch } = await observe(home, record);
  if (status !== record.status || Object.keys(patch).length > 0)
    database.boxes.transition(record.id, [record.status], status, patch);
  return database.boxes.get(record.id) ?? { ...record, ...patch, status };
}

/** The last run's end is no news of this one. */
function startPatch(started: StartedFact): BoxPatch {
  return {
    startedAt: started.atMs,
    pid: started.vmmPid,
    shimPid: started.shimPid,
    finishedAt: null,
    exitCode: null,
    exitSignal: null,
    oomKilled: false,
    error: null,
  };
}

function exitPatch(exit: ExitFact | 'lost'): BoxPatch {
  if (exit === 'lost')
    return {
      pid: null,
      shimPid: null,
      exitCode: KILLED_CODE,
      exitSignal: null,
      oomKilled: false,
      finishedAt: Date.now(),
      error: "the box's supervisor ended without leaving a record (was it killed?)",
    };
  return {
    pid: null,
    shimPid: null,
    exitCode: exit.code,
    exitSignal: exit.signal === 0 ? null : exit.signal,
    oomKilled: exit.oom,
    finishedAt: exit.atMs || Date.now(),
    error: EXIT_ERRORS[exit.reason] ?? null,
  };
}

const EXIT_ERRORS: Readonly<Record<string, string>> = {
  'vmm-died': 'the virtual machine ended unexpectedly',
  unreadable: "the record of the box's end can't be read",
};

async function shimAnswers(directory: string): Promise<boolean> {
  const client = await ShimClient.connect(directory);
  client?.close();
  return client !== null;
}
