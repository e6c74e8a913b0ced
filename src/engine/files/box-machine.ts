import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../abort.js';
import type { ShimClient } from '../../agent/client.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import type { AcceleratorName, LaunchPlan } from '../../vmm/driver.js';
import { vmm } from '../../vmm/vmm.js';
import { boxFiles, makeDisk } from '../machine/box-files.js';
import { crashPoint } from '../machine/crash-point.js';
import { lendingValues } from '../machine/guest-messages.js';
import { endLeftMachine, workDirectory } from '../machine/left-machine.js';
import { MachineRun } from '../machine/run.js';
import { requiredVmmIds } from '../machine/vmm-ids.js';
import { DEFAULT_CPUS, DEFAULT_MEMORY_MIB } from '../spec/defaults.js';
import { boxName } from '../spec/names/box-name.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { observed, settle } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { waitForEnd } from '../state/running-client.js';

const START = 'the start of a machine';
const BOOTSTRAP_DEADLINE_MS = 60_000;
const POWER_OFF_DEADLINE_MS = 15_000;

export interface AgentOfBox extends AsyncDisposable {
  client: ShimClient;
}

/** The disks of the box with this id, for a helper machine that works in `directory`. */
interface BorrowedDisks {
  id: string;
  directory: string;
  writes: boolean;
  /** Aborts the start of the machine. */
  signal: AbortSignal | undefined;
}

export interface MachinePurpose {
  /** Shown as the lock's purpose: `export`, `cp`. */
  purpose: string;
  /** The changes must be there when the box starts, so a box that never started gets its disk now. */
  writes: boolean;
  /** Aborts the start of the machine. */
  signal?: AbortSignal | undefined;
}

/**
 * The agent of a running box or, for a stopped one, of a helper machine that has the box's disks and runs
 * nothing of the box. The box stays locked while the helper machine runs. Dispose of the result.
 * @throws box-not-found, and what a start may throw
 */
export async function agentOfBox(
  context: EngineContext,
  id: string,
  { purpose, writes, signal }: MachinePurpose,
): Promise<AgentOfBox> {
  throwIfAborted(signal, purpose);
  const record = await observed(context.home, currentRecord(context, id));
  if (isActive(record.status)) return runningAgent(context, id);
  // Keeps the box from being started or removed while its disk is in use.
  const lock = await lockBox(context, id, purpose, signal);
  try {
    const settled = await settle(context.home, context.database(), currentRecord(context, id));
    // The box was started while we waited for the lock.
    if (isActive(settled.status)) return await runningAgent(context, id, lock);
    await waitForEnd(context, id);
    const directory = await freshDirectory(context.home, id);
    const clean = async (): Promise<void> => {
      await rm(directory, { recursive: true, force: true });
      await lock[Symbol.asyncDispose]();
    };
    try {
      const machine = await startWhateverRuns(context, { id, directory, writes, signal });
      crashPoint('export:machine-up');
      return {
        client: machine.client,
        [Symbol.asyncDispose]: async () => {
          try {
            await machine.powerOff(POWER_OFF_DEADLINE_MS);
          } finally {
            await clean();
          }
        },
      };
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

async function runningAgent(
  context: EngineContext,
  id: string,
  lock?: AsyncDisposable,
): Promise<AgentOfBox> {
  await lock?.[Symbol.asyncDispose]();
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

/** For the machine's sockets; leftovers of a killed process are removed first. */
async function freshDirectory(home: Home, id: string): Promise<string> {
  const directory = workDirectory(home, id);
  await endLeftMachine(home, id);
  makePrivateDirectory(directory);
  return directory;
}

/** Falls back to emulation when KVM fails. */
async function startWhateverRuns(
  context: EngineContext,
  disks: BorrowedDisks,
): Promise<MachineRun> {
  const { signal } = disks;
  const { name } = await context.host.accelerator({ signal });
  try {
    return await startMachine(context, disks, name);
  } catch (error) {
    throwIfAborted(signal, START);
    if (!(await context.host.blamesKvm(name, error))) throw error;
    await freshDirectory(context.home, disks.id);
    return startMachine(context, disks, 'tcg');
  }
}

/** A machine with the box's disks; it ends with this process. */
async function startMachine(
  context: EngineContext,
  disks: BorrowedDisks,
  accelerator: AcceleratorName,
): Promise<MachineRun> {
  const { id, directory, signal } = disks;
  const record = currentRecord(context, id);
  const spec = specOf(record.options);
  const machine = await MachineRun.start(
    {
      box: id,
      name: boxName(record),
      directory,
      plan: await planMachine(context, record, disks, accelerator),
      ids: requiredVmmIds(spec.security, record),
      namespaces: spec.security?.vmmNamespaces,
      template: true,
    },
    { signal, what: START },
  );
  try {
    await machine.monitored((monitor) =>
      machine.within(monitor.restoreState(), BOOTSTRAP_DEADLINE_MS, 'vmm'),
    );
    const bootstrapped = machine.client.bootstrap(lendingValues(spec));
    await machine.within(bootstrapped, BOOTSTRAP_DEADLINE_MS, 'bootstrap');
    machine.ignoreSignal();
    return machine;
  } catch (error) {
    throw await machine.failure(error);
  }
}

async function planMachine(
  { home, host }: EngineContext,
  record: BoxRecord,
  { directory, writes, signal }: BorrowedDisks,
  accelerator: AcceleratorName,
): Promise<LaunchPlan> {
  const spec = specOf(record.options);
  const files = await boxFiles(home, record, spec);
  if (files.isNew) {
    if (!writes) files.disk = join(directory, 'disk');
    await makeDisk(home, files.disk, spec.diskBytes);
  }
  const machine = { cpus: DEFAULT_CPUS, memoryMib: DEFAULT_MEMORY_MIB, accelerator };
  // The home's kernel, even if the box has its own: nothing of the box runs in this machine, and its files
  // stay readable when its own kernel is gone.
  const [assets, program] = await Promise.all([host.assets(), host.vmm()]);
  const { template } = await host.template(machine, assets, undefined, signal);
  const machineFiles = { ...files, ram: template.ram, state: template.state };
  return vmm.plan(program, machine, machineFiles, { kind: 'restore' });
}
