/** A machine that has the disks of a box or of a volume, and runs nothing of it: it serves this process's reads and writes. */
import { throwIfAborted } from '../../abort.js';
import type { BootstrapValues } from '../../agent/client.js';
import type { AcceleratorName, LaunchPlan, MachineFiles } from '../../vmm/driver.js';
import { vmm } from '../../vmm/vmm.js';
import { MachineRun } from '../machine/run.js';
import type { ShimStart } from '../machine/shim-process.js';
import { DEFAULT_CPUS, DEFAULT_MEMORY_MIB } from '../spec/defaults.js';
import type { EngineContext } from '../state/context.js';

const START = 'the start of a machine';
const BOOTSTRAP_DEADLINE_MS = 60_000;
export const POWER_OFF_DEADLINE_MS = 15_000;

export interface LentMachine {
  /** All of the shim's start but the plan. */
  start: Omit<ShimStart, 'plan' | 'template'>;
  files: MachineFiles;
  /** Called as late as possible: they tell the guest's clock. */
  values: () => BootstrapValues;
  /** How long the bootstrap may take; default a minute. */
  bootstrapMs?: number | undefined;
}

/**
 * Starts it, by emulation if KVM fails; it ends with this process.
 * @param prepare called for each attempt, with a directory that nobody uses any more
 */
export async function startLentMachine(
  context: EngineContext,
  prepare: () => Promise<LentMachine>,
  signal: AbortSignal | undefined,
): Promise<MachineRun> {
  const { name } = await context.host.accelerator({ signal });
  try {
    return await start(context, await prepare(), name, signal);
  } catch (error) {
    throwIfAborted(signal, START);
    if (!(await context.host.blamesKvm(name, error))) throw error;
    return start(context, await prepare(), 'tcg', signal);
  }
}

async function start(
  context: EngineContext,
  lent: LentMachine,
  accelerator: AcceleratorName,
  signal: AbortSignal | undefined,
): Promise<MachineRun> {
  const plan = await planMachine(context, lent.files, accelerator, signal);
  const machine = await MachineRun.start(
    { ...lent.start, plan, template: true },
    { signal, what: START },
  );
  try {
    await machine.monitored((monitor) =>
      machine.within(monitor.restoreState(), BOOTSTRAP_DEADLINE_MS, 'vmm'),
    );
    const bootstrapped = machine.client.bootstrap(lent.values());
    await machine.within(bootstrapped, lent.bootstrapMs ?? BOOTSTRAP_DEADLINE_MS, 'bootstrap');
    machine.ignoreSignal();
    return machine;
  } catch (error) {
    throw await machine.failure(error);
  }
}

async function planMachine(
  { host }: EngineContext,
  files: MachineFiles,
  accelerator: AcceleratorName,
  signal: AbortSignal | undefined,
): Promise<LaunchPlan> {
  const machine = { cpus: DEFAULT_CPUS, memoryMib: DEFAULT_MEMORY_MIB, accelerator };
  // The home's kernel, even if the box has its own: nothing of the box runs in this machine, and its files
  // stay readable when its own kernel is gone.
  const [assets, program] = await Promise.all([host.assets(), host.vmm()]);
  const { template } = await host.template(machine, assets, undefined, signal);
  const machineFiles = { ...files, ram: template.ram, state: template.state };
  return vmm.plan(program, machine, machineFiles, { kind: 'restore' });
}
