import { ShimClient } from '../agent/client.js';
import { BoxliteError } from '../errors.js';
import { DISK_BYTES } from '../image/disk-size.js';
import { acquireLock } from '../store/locks.js';
import type { KVM_DEADLINES } from '../vmm/accelerator.js';
import type { Assets } from '../vmm/assets.js';
import type { GuestKernel, LaunchPlan, MachineFiles, MachineSpec } from '../vmm/driver.js';
import { planQemu, type QemuProgram } from '../vmm/qemu/command.js';
import { saveState } from '../vmm/qemu/migration.js';
import type { QmpClient } from '../vmm/qemu/qmp.js';
import {
  findTemplate,
  removeOutdatedTemplates,
  removeStaleDrafts,
  type Template,
} from '../vmm/template.js';
import { TemplateDraft } from '../vmm/template-draft.js';
import { dropUnusedKernels } from './box-kernel.js';
import { watchConsole } from './console-watch.js';
import { crashPoint } from './crash-point.js';
import { DEFAULT_CPUS, DEFAULT_MEMORY_MIB } from './defaults.js';
import { bootError } from './facts.js';
import type { Host } from './host.js';
import { openMonitor } from './monitor.js';
import { startShim } from './shim-process.js';
import { vmmIds } from './vmm-ids.js';

/** A boot by emulation takes 2 to 5 s; on a host that does much else, ten times that. */
const BOOT_DEADLINE_MS = 120_000;

/** One maker works at most this long; others wait for it. */
const LOCK_TIMEOUT_MS = BOOT_DEADLINE_MS + 30_000;

/** The plan that identifies a template: the command line with nothing of one home in it. */
export function templatePlan(program: QemuProgram, machine: MachineSpec): LaunchPlan {
  const nothing: MachineFiles = { ram: '', image: '', extents: [], disk: '', share: '' };
  // The counter's rate is measured and never twice the same; that it is given is part of the machine.
  const rate = machine.accelerator === 'tcg' ? { tscKhz: 0 } : {};
  const guest: GuestKernel = { kernel: '', initramfs: '', ...rate };
  return planQemu(program, machine, nothing, { kind: 'boot', guest });
}

export interface TemplateRequest {
  machine: MachineSpec;
  /** What it boots from. */
  assets: Assets;
  /** `templateKey` of both. */
  key: string;
}

/** Boots a machine and saves it. Several processes may want the same one; one makes it. */
export async function makeTemplate(
  host: Host,
  request: TemplateRequest,
  onProgress: (message: string) => void,
  deadlines: BootDeadlines = { readyMs: BOOT_DEADLINE_MS },
): Promise<{ template: Template; made: boolean }> {
  const { machine, key } = request;
  await using _lock = await acquireLock(host.database(), `template:${key}`, {
    timeoutMs: LOCK_TIMEOUT_MS,
    purpose: 'making the template',
  });
  const found = await findTemplate(host.home, key);
  if (found) return { template: found, made: false };
  await removeStaleDrafts(host.home, key);
  onProgress(
    `preparing a template for ${machine.cpus} CPU${machine.cpus === 1 ? '' : 's'}, ` +
      `${machine.memoryMib} MiB (once, a few seconds)`,
  );
  const template = await make(host, request, deadlines);
  // What this one replaces is of no use any more.
  await dropUnusedKernels(host);
  await removeOutdatedTemplates(host.home, (other) => host.templateKeys(other));
  return { template, made: true };
}

async function make(
  host: Host,
  { machine, assets, key }: TemplateRequest,
  deadlines: BootDeadlines,
): Promise<Template> {
  const draft = await TemplateDraft.begin(host.home, key);
  crashPoint('template:begun');
  try {
    await bootAndSave(host, machine, assets, draft, deadlines);
    crashPoint('template:saved');
    const qemu = await host.qemu();
    return await draft.commit({
      ...machine,
      key,
      kernelVersion: assets.kernelVersion,
      kernelOrigin: assets.kernelOrigin,
      vmm: qemu.versionText,
      createdAt: new Date().toISOString(),
    });
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

export interface BootDeadlines {
  /** Until the console says anything; absent = not watched. */
  firstSignMs?: number;
  readyMs: number;
}

/** Tries KVM for `chooseAccelerator`: boots the default machine, whose template is then there. */
export async function tryKvm(host: Host, deadlines: typeof KVM_DEADLINES): Promise<void> {
  const machine: MachineSpec = {
    cpus: DEFAULT_CPUS,
    memoryMib: DEFAULT_MEMORY_MIB,
    accelerator: 'kvm',
  };
  const assets = await host.assets();
  const key = await host.templateKey(machine, assets);
  await makeTemplate(host, { machine, assets, key }, () => undefined, deadlines);
}

async function bootAndSave(
  host: Host,
  machine: MachineSpec,
  assets: Assets,
  draft: TemplateDraft,
  deadlines: BootDeadlines,
): Promise<void> {
  const [guest, qemu] = await Promise.all([host.guest(machine, assets), host.qemu()]);
  const files = await draft.blankFiles(machine, DISK_BYTES);
  const plan = planQemu(qemu, machine, files, { kind: 'boot', guest });
  await saveMachine(draft, plan, (client) => readyWithin(client, draft.directory, deadlines));
}

/**
 * Starts a machine, brings it to where boxes shall start from, and saves it there.
 * @param bringUp what is to have happened before
 */
export async function saveMachine(
  draft: TemplateDraft,
  plan: LaunchPlan,
  bringUp: (client: ShimClient, qmp: QmpClient) => Promise<void>,
): Promise<void> {
  const shim = await startShim({
    box: 'template',
    directory: draft.directory,
    plan,
    ids: vmmIds(),
    template: true,
  });
  const client = await ShimClient.connect(draft.directory);
  try {
    if (client === null) throw new BoxliteError('boot-failed', 'the shim of the template is gone');
    const qmp = await openMonitor(draft.directory);
    try {
      await bringUp(client, qmp);
      await saveState(qmp, draft.directory, draft.state);
    } finally {
      qmp.close();
    }
  } catch (error) {
    throw (await bootError(draft.directory, 'template')) ?? error;
  } finally {
    client?.killVmm();
    await client?.closed;
    shim.release();
  }
}

/** Resolves when the agent is ready; says which deadline passed when it is not. */
async function readyWithin(
  client: ShimClient,
  directory: string,
  deadlines: BootDeadlines,
): Promise<void> {
  const cancel = new AbortController();
  const { signal } = cancel;
  const ready = client.waitReady();
  try {
    const races: Promise<unknown>[] = [
      ready,
      expire(deadlines.readyMs, 'the guest agent was not ready', signal),
    ];
    if (deadlines.firstSignMs !== undefined) {
      const seen = watchConsole(directory, signal);
      races.push(
        Promise.race([
          ready,
          seen,
          expire(deadlines.firstSignMs, 'the kernel gave no sign of life', signal),
        ]).then(() => ready),
      );
    }
    await Promise.race(races);
  } finally {
    cancel.abort();
    ready.catch(() => undefined);
  }
}

function expire(ms: number, what: string, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new BoxliteError('boot-failed', `${what} within ${ms / 1000} s`, { stage: 'kernel' }),
        ),
      ms,
    );
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}
