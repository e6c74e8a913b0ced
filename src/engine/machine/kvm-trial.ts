import type { ShimClient } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import { DISK_BYTES } from '../../image/disk/disk-size.js';
import { isMachineFailure, type KVM_DEADLINES } from '../../vmm/accelerator/accelerator.js';
import type { MachineSpec } from '../../vmm/driver.js';
import { findTemplate, removeStaleDrafts, type Template } from '../../vmm/template/template.js';
import { TemplateDraft } from '../../vmm/template/template-draft.js';
import { vmm } from '../../vmm/vmm.js';
import { DEFAULT_CPUS, DEFAULT_MEMORY_MIB } from '../spec/defaults.js';
import type { Host } from './host.js';
import {
  bootTemplate,
  lockTemplate,
  type MachineWork,
  TEMPLATE_LOCK_MS,
  withMachine,
} from './templates/template-maker.js';

/**
 * A trial may first have to wait for another process to make a template; its own deadlines and the saving
 * follow.
 */
export const TRIAL_LOCK_MS = TEMPLATE_LOCK_MS + 120_000;

/**
 * Runs a machine of the default size with KVM: from its template if there is one, which takes a tenth of a
 * second. If that fails, a machine is booted, and its template replaces the old one.
 * @throws the error of the machine that did not come up; an existing template stays
 */
export async function tryKvm(
  host: Host,
  deadlines: typeof KVM_DEADLINES,
  signal?: AbortSignal,
): Promise<void> {
  const machine: MachineSpec = {
    cpus: DEFAULT_CPUS,
    memoryMib: DEFAULT_MEMORY_MIB,
    accelerator: 'kvm',
  };
  const assets = await host.assets();
  const key = await host.templateKey(machine, assets);
  await using _lock = await lockTemplate(host, key, signal);
  await removeStaleDrafts(host.home, key);
  const found = await findTemplate(host.home, key);
  if (found && (await runsFrom(host, machine, found, deadlines.restoreMs, signal))) return;
  await bootTemplate(host, { machine, assets, key, signal }, deadlines);
}

async function runsFrom(
  host: Host,
  machine: MachineSpec,
  template: Template,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { key, ram, state } = template;
  const program = await host.vmm();
  const draft = await TemplateDraft.begin(host.home, key);
  try {
    const files = { ...(await draft.blankFiles(machine, DISK_BYTES)), ram, state };
    const plan = vmm.plan(program, machine, files, { kind: 'restore' });
    const work: MachineWork = (run, monitor) => {
      const answered = monitor.restoreState().then(() => answer(run.client));
      return run.within(answered, deadlineMs, 'agent');
    };
    await withMachine(draft.directory, plan, work, { signal });
    return true;
  } catch (error) {
    if (isMachineFailure(error)) return false;
    throw error;
  } finally {
    await draft.discard();
  }
}

/** An agent that waits for bootstrap refuses every other request; the refusal is the answer. */
async function answer(client: ShimClient): Promise<void> {
  try {
    await client.stats();
  } catch (error) {
    if (!(error instanceof BoxliteError && error.stage === 'bootstrap')) throw error;
  }
}
