import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../abort.js';
import type { ShimClient } from '../../agent/client.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { boxFiles, makeDisk } from '../machine/box-files.js';
import { crashPoint } from '../machine/crash-point.js';
import { fileLimitBytes } from '../machine/file-limit.js';
import { lendingValues } from '../machine/guest-messages.js';
import { endLeftMachine, workDirectory } from '../machine/left-machine.js';
import type { MachineRun } from '../machine/run.js';
import { requiredVmmIds } from '../machine/vmm/ids.js';
import { wallsOf } from '../machine/vmm/walls.js';
import { copyDeadlineMs, CopyLocks } from '../machine/volumes/copy-up.js';
import { withMountedImages } from '../machine/volumes/image-disks.js';
import { type PreparedVolumes, prepareVolumes } from '../machine/volumes-start.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { boxName } from '../spec/names/box-name.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { observed, settle } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { waitForEnd } from '../state/running-client.js';
import { DiskLocks, refuseTakenDisks } from '../volumes/taken-disks.js';
import { Cleanups } from './cleanups.js';
import { type LentMachine, POWER_OFF_DEADLINE_MS, startLentMachine } from './lent-machine.js';

export interface AgentOfBox extends AsyncDisposable {
  client: ShimClient;
  /** The running box of a volume's agent. */
  boxId?: string;
  /** Of a volume's: the serial of its disk. */
  serial?: string;
}

export interface MachinePurpose {
  /** Shown as the lock's purpose: `export`, `cp`. */
  purpose: string;
  /** The changes must be there when the box starts, so a box that never started gets its disk now. */
  writes: boolean;
  /** Mount the box's volumes, as its start does; one of type disk that another box has is an error. */
  volumes?: boolean;
  /** Aborts the start of the machine. */
  signal?: AbortSignal | undefined;
}

/**
 * The agent of a running box or, for a stopped one, of a helper machine that has the box's disks and runs
 * nothing of the box. The box stays locked while the helper machine runs. Dispose of the result.
 * @throws box-not-found, volume-in-use, and what a start may throw
 */
export async function agentOfBox(
  context: EngineContext,
  id: string,
  wanted: MachinePurpose,
): Promise<AgentOfBox> {
  const { purpose, signal } = wanted;
  throwIfAborted(signal, purpose);
  const record = await observed(context.home, currentRecord(context, id));
  if (isActive(record.status)) return runningAgent(context, id);
  const held = new Cleanups();
  try {
    // Keeps the box from being started or removed while its disk is in use.
    held.use(await lockBox(context, id, purpose, signal));
    const settled = await settle(context.home, context.database(), currentRecord(context, id));
    // The box was started while we waited for the lock.
    if (isActive(settled.status)) {
      await held[Symbol.asyncDispose]();
      return await runningAgent(context, id);
    }
    await waitForEnd(context, id);
    held.add(() => rm(workDirectory(context.home, id), { recursive: true, force: true }));
    const machine = await startMachine(context, id, wanted, held);
    crashPoint('export:machine-up');
    held.add(() => machine.powerOff(POWER_OFF_DEADLINE_MS));
    return { client: machine.client, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw error;
  }
}

async function runningAgent(context: EngineContext, id: string): Promise<AgentOfBox> {
  const record = await observed(context.home, currentRecord(context, id));
  const client = await runningClient(context, record);
  return {
    client,
    [Symbol.asyncDispose]: () => {
      client.close();
      return Promise.resolve();
    },
  };
}

async function startMachine(
  context: EngineContext,
  id: string,
  { purpose, writes, volumes, signal }: MachinePurpose,
  held: Cleanups,
): Promise<MachineRun> {
  const record = currentRecord(context, id);
  const spec = specOf(record.options);
  // What is in its memory is gone when it stops: a copy goes to what is below (Docker's rule).
  const mounted = { ...spec, tmpfs: [], volumes: volumes === true ? spec.volumes : [] };
  await refuseTakenDisks(context, record, mounted);
  const copyLocks = new CopyLocks();
  // Docker copies the image's files into a container's volumes when it creates it.
  const copying = record.startedAt === null ? { locks: copyLocks, signal } : undefined;
  await using _copying = copyLocks;
  const ownVolumes = await prepareVolumes(mounted, context, copying);
  const prepared = await withMountedImages(context.home, id, mounted, ownVolumes);
  held.use(await DiskLocks.take(context, mounted, purpose, signal));
  const prepare = async (): Promise<LentMachine> => {
    const directory = await freshDirectory(context.home, id);
    return lentMachine(context, record, mounted, { directory, writes, volumes: prepared });
  };
  return await startLentMachine(context, prepare, signal);
}

/** For the machine's sockets; leftovers of a killed process are removed first. */
async function freshDirectory(home: Home, id: string): Promise<string> {
  const directory = workDirectory(home, id);
  await endLeftMachine(home, id);
  makePrivateDirectory(directory);
  return directory;
}

async function lentMachine(
  { home }: EngineContext,
  record: BoxRecord,
  spec: BoxSpec,
  lending: { directory: string; writes: boolean; volumes: PreparedVolumes },
): Promise<LentMachine> {
  const { directory, writes, volumes } = lending;
  const files = await boxFiles(home, record, spec);
  if (files.isNew) {
    if (!writes) files.disk = join(directory, 'disk');
    await makeDisk(home, files.disk, spec.diskBytes);
  }
  const { access, mounts } = volumes;
  return {
    start: {
      box: record.id,
      name: boxName(record),
      directory,
      ids: requiredVmmIds(spec.security, record),
      walls: wallsOf(spec.security),
      ...(access && { shares: access }),
      fileLimitBytes: fileLimitBytes(spec, volumes),
    },
    files: { ...files, ...volumes.files },
    values: () => lendingValues(spec, mounts),
    bootstrapMs: copyDeadlineMs(mounts),
  };
}
