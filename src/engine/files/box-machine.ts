import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ShimClient } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { isActive } from '../../store/status.js';
import type { AcceleratorName } from '../../vmm/driver.js';
import { planQemu } from '../../vmm/qemu/command.js';
import { restoreState } from '../../vmm/qemu/migration.js';
import { boxFiles, makeDisk } from '../machine/box-files.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, lockBox, type EngineContext } from '../state/context.js';
import { crashPoint } from '../machine/crash-point.js';
import { DEFAULT_CPUS, DEFAULT_MEMORY_MIB } from '../spec/defaults.js';
import { lendingValues } from '../machine/guest-messages.js';
import { endLeftMachine, workDirectory } from '../machine/left-machine.js';
import { openMonitor } from '../machine/monitor.js';
import { observed, settle } from '../state/observe.js';
import { requiredVmmIds } from '../machine/vmm-ids.js';
import { startShim } from '../machine/shim-process.js';
import { boxName } from '../spec/names/box-name.js';
import { runningClient } from '../state/running-client.js';
import { waitForEnd } from '../state/running-client.js';
import { within } from '../machine/within.js';

const BOOTSTRAP_DEADLINE_MS = 60_000;
const POWER_OFF_DEADLINE_MS = 15_000;

export interface AgentOfBox extends AsyncDisposable {
  client: ShimClient;
}

export interface MachinePurpose {
  /** For the box's lock: `export`, `cp`. */
  purpose: string;
  /** What is written must be there when the box is started: a box that never was is given its disk. */
  writes: boolean;
}

/**
 * The agent of a running box; for another box, of a machine that has its disks and runs nothing of the
 * box's. The box's lock is held for the latter. To be disposed of.
 * @throws box-not-found, and what a start may throw
 */
export async function agentOfBox(
  context: EngineContext,
  id: string,
  { purpose, writes }: MachinePurpose,
): Promise<AgentOfBox> {
  const record = await observed(context.home, currentRecord(context, id));
  if (isActive(record.status)) return runningAgent(context, id);
  // Keeps the box from being started or removed while its disk is in use.
  const lock = await lockBox(context, id, purpose);
  try {
    const settled = await settle(context.home, context.database(), currentRecord(context, id));
    // It has been started while we waited for the lock.
    if (isActive(settled.status)) return await runningAgent(context, id, lock);
    await waitForEnd(context, id);
    const directory = await freshDirectory(context.home, id);
    const clean = async (): Promise<void> => {
      await rm(directory, { recursive: true, force: true });
      await lock[Symbol.asyncDispose]();
    };
    try {
      const machine = await startWhateverRuns(context, id, directory, writes);
      crashPoint('export:machine-up');
      return {
        client: machine.client,
        [Symbol.asyncDispose]: async () => {
          try {
            await machine[Symbol.asyncDispose]();
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

/** For the machine's sockets; what a killed process has left goes first. */
async function freshDirectory(home: Home, id: string): Promise<string> {
  const directory = workDirectory(home, id);
  await endLeftMachine(home, id);
  makePrivateDirectory(directory);
  return directory;
}

/** By emulation when it turns out that KVM has failed. */
async function startWhateverRuns(
  context: EngineContext,
  id: string,
  directory: string,
  writes: boolean,
): ReturnType<typeof startMachine> {
  const { name } = await context.host.accelerator();
  try {
    return await startMachine(context, id, directory, writes, name);
  } catch (error) {
    if (!(await context.host.blamesKvm(name, error))) throw error;
    await freshDirectory(context.home, id);
    return startMachine(context, id, directory, writes, 'tcg');
  }
}

/** A machine with the box's disks, bound to this process: it ends with it. */
async function startMachine(
  context: EngineContext,
  id: string,
  directory: string,
  writes: boolean,
  accelerator: AcceleratorName,
): Promise<AsyncDisposable & { client: ShimClient }> {
  const { host } = context;
  const record = currentRecord(context, id);
  const spec = specOf(record.options);
  const files = await boxFiles(context.home, record, spec);
  if (files.isNew) {
    if (!writes) files.disk = join(directory, 'disk');
    await makeDisk(context.home, files.disk, spec.diskBytes);
  }
  const machine = { cpus: DEFAULT_CPUS, memoryMib: DEFAULT_MEMORY_MIB, accelerator };
  // The home's kernel also for a box with one of its own: nothing of the box runs in this machine, and its
  // files can be had when its kernel's are gone.
  const [assets, qemu] = await Promise.all([host.assets(), host.qemu()]);
  const { template } = await host.template(machine, assets);
  const machineFiles = { ...files, ram: template.ram, state: template.state };
  const plan = planQemu(qemu, machine, machineFiles, { kind: 'restore', network: false });
  const shim = await startShim({
    box: id,
    name: boxName(record),
    directory,
    plan,
    ids: requiredVmmIds(spec.security, record),
    namespaces: spec.security?.vmmNamespaces,
    template: true,
  });
  const client = await ShimClient.connect(directory, { name: boxName(record) });
  const end = async (): Promise<void> => {
    client?.shutdown();
    const ended = client?.closed ?? Promise.resolve();
    await within(ended, POWER_OFF_DEADLINE_MS, id, 'disks').catch(() => client?.killVmm());
    shim.release();
    await client?.closed;
  };
  try {
    if (client === null) throw new BoxliteError('boot-failed', `the shim of box ${id} is gone`);
    const monitor = await openMonitor(directory);
    try {
      await within(restoreState(monitor, plan), BOOTSTRAP_DEADLINE_MS, id, 'vmm');
    } finally {
      monitor.close();
    }
    const bootstrapped = client.bootstrap(lendingValues(spec));
    await within(bootstrapped, BOOTSTRAP_DEADLINE_MS, id, 'bootstrap');
    return { client, [Symbol.asyncDispose]: end };
  } catch (error) {
    client?.killVmm();
    await end();
    throw error;
  }
}
