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
  networkEnd,
  portsRecord,
  recordedPorts,
  type StartedRecord,
  startedRecord,
} from '../machine/records.js';
import { boxName } from '../spec/names/box-name.js';
import { storedPorts } from '../spec/network/ports.js';
import { boxHealth, foldHealth } from './health.js';
import { lastSignMs } from './last-sign.js';
import { refuseOrphan } from './orphan.js';
import { isAutomatic, isRestartDue } from './restart-decision.js';

export interface Observation {
  status: BoxStatus;
  patch: BoxPatch;
  /**
   * It ended at an unknown time since the host's boot: the process that first records the end uses the
   * current time.
   */
  endsNow?: boolean;
}

/**
 * The actual state of a box: the database, corrected by the records of its shim and by whether the shim
 * lives. Only reads; `settle` records the result.
 *
 * The database may lag: whoever started or stopped the box may have been killed before writing.
 */
export async function observe(home: Home, record: BoxRecord): Promise<Observation> {
  const directory = home.box(record.id);
  const started = await startedRecord(directory);
  const unrecordedStart = started !== undefined && started.atMs !== record.startedAt;
  if (!isActive(record.status) && !unrecordedStart) return { status: record.status, patch: {} };

  const patch = unrecordedStart
    ? { ...startPatch(record, started), ports: await portsRecord(directory) }
    : {};
  // Read the exit record before and after checking for the shim, which writes the record before it exits.
  const exit = await exitRecord(directory);
  if (exit !== undefined) return ended(record, patch, exit, directory);
  const phase = phaseAtSight(directory, started) ?? (await shimPhase(directory, boxName(record)));
  if (phase === undefined) {
    const late = await exitRecord(directory);
    if (late === undefined) await refuseOrphan(directory, record);
    return ended(record, patch, late ?? lost(started), directory);
  }
  const paused = phase === SHIM_PHASES.PAUSED;
  return {
    status: 'running',
    patch: {
      ...patch,
      ...(paused !== record.paused && { paused }),
      ...(await changedPorts(record, directory)),
    },
  };
}

/** Ports are published and taken back while the box runs; who did it may have been killed before writing. */
async function changedPorts(record: BoxRecord, directory: string): Promise<BoxPatch> {
  const ports = await recordedPorts(directory);
  const isKnown = JSON.stringify(ports) === JSON.stringify(storedPorts(record.ports));
  return ports === undefined || isKnown ? {} : { ports };
}

/** A box without a restart due is no longer wanted. */
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

/** A box in its actual state, with a field that has no column. */
export interface ObservedBox extends BoxRecord {
  /** It has ended, and its restart policy is about to start it again. */
  restarting: boolean;
  /** Why it has lost its network, while it runs. */
  networkError?: string;
}

/**
 * The record with the actual state.
 * @param database to record an end of unknown time; without it each call would find another time
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
    const lost = isActive(actual.status) ? await networkEnd(home.box(record.id)) : undefined;
    return {
      ...actual,
      health: health === 'none' ? null : health,
      restarting: isRestartDue(actual) && (await isSeenTo(home, record.id)),
      ...(lost !== undefined && { networkError: lost.message }),
    };
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    // The actual state is unknown: an unreadable directory, or a shim with another protocol.
    return { ...record, status: 'unknown', error: error.message, restarting: false };
  }
}

/** True if the shim that waits to restart the box lives, or a start has removed its records. */
export async function isSeenTo(home: Home, id: string): Promise<boolean> {
  const started = await startedRecord(home.box(id));
  return started === undefined || isAlive(started.shim);
}

/**
 * Records what is observed and reports it as events, unless the box has changed meanwhile: of several
 * processes that observe the same, only one does. Returns the box in its present state.
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
    const { startedAt, finishedAt } = patch;
    if (typeof startedAt === 'number') {
      database.volumeUses.addEvents(record.id, 'mount', startedAt);
      database.endpoints.addEvents(record.id, 'connect', startedAt);
    }
    for (const event of eventsOf(record, { status, patch })) database.events.add(event);
    if (status === 'stopped' && typeof finishedAt === 'number') {
      database.endpoints.addEvents(record.id, 'disconnect', finishedAt);
      database.volumeUses.addEvents(record.id, 'unmount', finishedAt);
    }
  });
}

/** @returns undefined if the home is not writable, or another process has changed the box */
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
 * A run whose starter was killed before it recorded it; what only the starter knew, it recorded earlier.
 * Clears the last run's end.
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

/** An end without a record. */
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

/** @param lastMs the time of the run's last write, for an end without a time */
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
    error: exit.timedOut ? 'its time limit ended it' : exitError(exit),
  };
}

function exitError({ reason, message }: ExitRecord): string | null {
  const said = EXIT_ERRORS[reason];
  if (said === undefined) return null;
  return message === '' ? said : `${said}: ${message}`;
}

const EXIT_ERRORS: Readonly<Record<string, string>> = {
  'vmm-died': 'the virtual machine ended unexpectedly',
  unreadable: "the record of the box's end can't be read",
};

/**
 * The phase from what the kernel reports about the shim and its VMM, which a pause stops. This avoids a
 * connection, which would take `ps` longer than all else it does for a box.
 * @returns undefined if only the shim itself can tell
 */
function phaseAtSight(
  directory: string,
  started: StartedRecord | undefined,
): ShimPhase | undefined {
  // A box without a socket does not count as running.
  if (started === undefined || !existsSync(join(directory, BOX_FILES.shimSocket))) return undefined;
  const shim = statOf(started.shim);
  const vmm = readStat(started.vmmPid);
  // Neither a stopped shim nor a killed one that is still exiting answers, so neither counts as running.
  if (shim === undefined || shim.exiting || shim.state === STOPPED) return undefined;
  if (vmm?.parentPid !== started.shimPid) return undefined;
  return vmm.state === STOPPED ? SHIM_PHASES.PAUSED : SHIM_PHASES.RUNNING;
}

const STOPPED = 'T';

/** Undefined if no shim answers. */
async function shimPhase(directory: string, name: string): Promise<ShimPhase | undefined> {
  const { ShimClient } = await import('../../agent/client.js');
  const client = await ShimClient.connect(directory, { name });
  client?.close();
  return client?.phase;
}
