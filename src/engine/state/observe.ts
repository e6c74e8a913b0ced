import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ShimPhase } from '../../agent/greeting.js';
import { SHIM_PHASES } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';
import { BOX_FILES, type Home } from '../../host/home.js';
import { isAlive, isOfThisBoot, readStat, statOf } from '../../host/process-identity.js';
import type { BoxPatch, BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { boxEvent, type NewEvent } from '../../store/events.js';
import { type BoxStatus, isActive } from '../../store/status.js';
import {
  type ExitRecord,
  exitRecord,
  KILLED_CODE,
  type StartedRecord,
  startedRecord,
} from '../machine/records.js';
import { boxName } from '../spec/names/box-name.js';
import { boxHealth, foldHealth } from './health.js';
import { lastSignMs } from './last-sign.js';
import { refuseOrphan } from './orphan.js';
import { isAutomatic, isRestartDue } from './restart-decision.js';

export interface Observation {
  status: BoxStatus;
  patch: BoxPatch;
  /** It ended at an unknown time since the host's boot: the process that records the end first dates it now. */
  endsNow?: boolean;
}

/**
 * The actual state of a box: what the database holds, corrected by the records its shim has left and by
 * whether it lives. Reads only; `settle` writes it down.
 *
 * The database may lag: whoever started or stopped the box may have been killed before writing.
 */
export async function observe(home: Home, record: BoxRecord): Promise<Observation> {
  const directory = home.box(record.id);
  const started = await startedRecord(directory);
  const unrecordedStart = started !== undefined && started.atMs !== record.startedAt;
  if (!isActive(record.status) && !unrecordedStart) return { status: record.status, patch: {} };

  const patch = unrecordedStart ? startPatch(record, started) : {};
  // The exit is looked for on both sides of the question whether a shim is there: it writes the record
  // before it goes.
  const exit = await exitRecord(directory);
  if (exit !== undefined) return ended(record, patch, exit, directory);
  const phase = phaseAtSight(directory, started) ?? (await shimPhase(directory, boxName(record)));
  if (phase === undefined) {
    const late = await exitRecord(directory);
    if (late === undefined) await refuseOrphan(directory, record);
    return ended(record, patch, late ?? lost(started), directory);
  }
  const paused = phase === SHIM_PHASES.PAUSED;
  return { status: 'running', patch: paused === record.paused ? patch : { ...patch, paused } };
}

/** A box that is not to be restarted is not wanted any more. */
function ended(
  record: BoxRecord,
  start: BoxPatch,
  exit: ExitRecord | Lost,
  directory: string,
): Observation {
  const startedAt = start.startedAt ?? record.startedAt ?? 0;
  const patch = { ...start, ...exitPatch(exit, () => lastSignMs(directory, startedAt)) };
  const wanted = isRestartDue({ ...record, ...patch, status: 'stopped' });
  return {
    status: 'stopped',
    patch: { ...patch, wanted },
    ...('lost' in exit && exit.sinceBoot && { endsNow: true }),
  };
}

/** A box as it is, with what no column says. */
export interface ObservedBox extends BoxRecord {
  /** It has ended, and is about to be started again by its restart policy. */
  restarting: boolean;
}

/**
 * The record as it should be read.
 * @param database records an end of unknown time; without it each look would find another time
 */
export async function observed(
  home: Home,
  record: BoxRecord,
  database?: Database,
): Promise<ObservedBox> {
  try {
    const seen = await observe(home, record);
    const written =
      seen.endsNow === true && database !== undefined
        ? tryWriteDown(database, record, seen)
        : undefined;
    const actual = written ?? { ...record, ...seen.patch, status: seen.status };
    const { status: health } = await boxHealth(home, actual);
    return {
      ...actual,
      health: health === 'none' ? null : health,
      restarting: isRestartDue(actual) && (await isSeenTo(home, record.id)),
    };
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    // The actual state can't be found out: an unreadable directory, a shim that does not speak our protocol.
    return { ...record, status: 'unknown', error: error.message, restarting: false };
  }
}

/** The shim that waits to start it again lives, or a start has removed its records. */
export async function isSeenTo(home: Home, id: string): Promise<boolean> {
  const started = await startedRecord(home.box(id));
  return started === undefined || isAlive(started.shim);
}

/**
 * Writes down what is observed and reports it as events, unless the box has changed meanwhile: of several
 * processes that see the same, one does. Returns the box as it is now.
 */
export async function settle(
  home: Home,
  database: Database,
  record: BoxRecord,
): Promise<BoxRecord> {
  const seen = await observe(home, record);
  const { status, patch } = seen;
  if (status !== record.status || Object.keys(patch).length > 0) writeDown(database, record, seen);
  const settled = database.boxes.get(record.id) ?? { ...record, ...patch, status };
  const health = await boxHealth(home, settled);
  if (isActive(settled.status) && health.status !== (settled.health ?? 'none')) {
    database.write(() => {
      const changed = foldHealth(database, settled, health);
      if (changed !== undefined)
        database.events.add(boxEvent(settled, `health_status: ${changed}`));
    });
  }
  return settled;
}

function writeDown(database: Database, record: BoxRecord, seen: Observation): void {
  const { status } = seen;
  const patch = seen.endsNow === true ? { ...seen.patch, finishedAt: Date.now() } : seen.patch;
  database.write(() => {
    const now = database.boxes.get(record.id);
    if (now === undefined || !isSame(now, record)) return;
    database.boxes.transition(record.id, [record.status], status, patch);
    for (const event of eventsOf(record, { status, patch })) database.events.add(event);
  });
}

/** @returns undefined where the home can't be written to, or another process has changed the box */
function tryWriteDown(
  database: Database,
  record: BoxRecord,
  seen: Observation,
): BoxRecord | undefined {
  try {
    writeDown(database, record, seen);
    const now = database.boxes.get(record.id);
    return now?.status === seen.status ? now : undefined;
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    return undefined;
  }
}

function isSame(a: BoxRecord, b: BoxRecord): boolean {
  return (
    a.status === b.status &&
    a.startedAt === b.startedAt &&
    a.finishedAt === b.finishedAt &&
    a.paused === b.paused
  );
}

function eventsOf(record: BoxRecord, { status, patch }: Observation): NewEvent[] {
  const events: NewEvent[] = [];
  const { startedAt, finishedAt, exitCode, paused } = patch;
  if (typeof startedAt === 'number') events.push(boxEvent(record, 'start', {}, startedAt));
  if (status === 'stopped' && typeof finishedAt === 'number') {
    if (patch.oomKilled === true) events.push(boxEvent(record, 'oom', {}, finishedAt));
    events.push(boxEvent(record, 'die', { exitCode: String(exitCode ?? 0) }, finishedAt));
  } else if (paused !== undefined && paused !== record.paused)
    events.push(boxEvent(record, paused ? 'pause' : 'unpause'));
  return events;
}

/**
 * A run whose starter was killed before it wrote it down; what else it knew, it wrote before. The last run's
 * end is no news of this one.
 */
function startPatch(record: BoxRecord, started: StartedRecord): BoxPatch {
  return {
    startCount: record.startCount + 1,
    restartCount: isAutomatic(record) ? record.restartCount + 1 : 0,
    startedAt: started.atMs,
    pid: started.vmmPid,
    shimPid: started.shimPid,
    finishedAt: null,
    exitCode: null,
    exitSignal: null,
    oomKilled: false,
    paused: false,
    wanted: true,
    error: null,
  };
}

/** An end without a record of it. */
interface Lost {
  lost: string;
  sinceBoot: boolean;
}

function lost(started: StartedRecord | undefined): Lost {
  if (started !== undefined && started.shim.bootId !== '' && !isOfThisBoot(started.shim))
    return { lost: 'the host was restarted while the box ran', sinceBoot: false };
  return {
    lost: "the box's supervisor ended without leaving a record (was it killed?)",
    sinceBoot: true,
  };
}

/** @param lastMs when the run wrote something last, for an end without its time */
function exitPatch(exit: ExitRecord | Lost, lastMs: () => number): BoxPatch {
  const gone = { pid: null, shimPid: null, paused: false };
  if ('lost' in exit)
    return {
      ...gone,
      exitCode: KILLED_CODE,
      exitSignal: null,
      oomKilled: false,
      finishedAt: lastMs(),
      error: exit.lost,
    };
  return {
    ...gone,
    exitCode: exit.code,
    exitSignal: exit.signal === 0 ? null : exit.signal,
    oomKilled: exit.oom,
    finishedAt: exit.atMs || lastMs(),
    error: exit.timedOut ? 'its time limit ended it' : (EXIT_ERRORS[exit.reason] ?? null),
  };
}

const EXIT_ERRORS: Readonly<Record<string, string>> = {
  'vmm-died': 'the virtual machine ended unexpectedly',
  unreadable: "the record of the box's end can't be read",
};

/**
 * What the kernel reports of a shim and its VMM, which a pause stops, without a connection: making one takes
 * `ps` longer than all else it does for a box.
 * @returns undefined when the shim itself has to be asked
 */
function phaseAtSight(
  directory: string,
  started: StartedRecord | undefined,
): ShimPhase | undefined {
  // A box whose socket is gone does not count as running either.
  if (started === undefined || !existsSync(join(directory, BOX_FILES.shimSocket))) return undefined;
  const shim = statOf(started.shim);
  const vmm = readStat(started.vmmPid);
  // A stopped shim does not answer, nor does one that was killed and is still ending: neither counts as a box
  // that runs.
  if (shim === undefined || shim.exiting || shim.state === STOPPED) return undefined;
  if (vmm?.parentPid !== started.shimPid) return undefined;
  return vmm.state === STOPPED ? SHIM_PHASES.PAUSED : SHIM_PHASES.RUNNING;
}

const STOPPED = 'T';

/** Undefined when no shim answers. */
async function shimPhase(directory: string, name: string): Promise<ShimPhase | undefined> {
  const { ShimClient } = await import('../../agent/client.js');
  const client = await ShimClient.connect(directory, { name });
  client?.close();
  return client?.phase;
}
