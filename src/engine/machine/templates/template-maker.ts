import { DISK_BYTES } from '../../../image/disk/disk-size.js';
import { acquireLock, type Lock } from '../../../store/locks.js';
import type { Assets } from '../../../vmm/assets/assets.js';
import type {
  GuestKernel,
  LaunchPlan,
  MachineFiles,
  MachineSpec,
  VmmMonitor,
  VmmProgram,
} from '../../../vmm/driver.js';
import {
  findTemplate,
  removeOutdatedTemplates,
  removeStaleDrafts,
  type Template,
} from '../../../vmm/template/template.js';
import { TemplateDraft } from '../../../vmm/template/template-draft.js';
import { vmm } from '../../../vmm/vmm.js';
import { dropUnusedKernels } from '../box-kernel.js';
import { crashPoint } from '../crash-point.js';
import type { Host } from '../host.js';
import { MachineRun } from '../run.js';
import { vmmIds } from '../vmm/ids.js';
import type { VmmWalls } from '../vmm/walls.js';
import { type BootDeadlines, readyWithin } from './boot-watch.js';

/** An emulated boot takes 2 to 5 s; on a busy host, ten times that. */
const BOOT_DEADLINE_MS = 120_000;

/** The devices' state is some 80 KB. */
const SAVE_DEADLINE_MS = 30_000;

/** The longest that one maker works while others wait. */
export const TEMPLATE_LOCK_MS = BOOT_DEADLINE_MS + SAVE_DEADLINE_MS + 30_000;

/** The plan that identifies a template: the command line without paths of a home. */
export function templatePlan(program: VmmProgram, machine: MachineSpec): LaunchPlan {
  const nothing: MachineFiles = { ram: '', image: '', extents: [], disk: '', share: '' };
  // The counter's measured rate differs each time; only whether it is set is part of the machine.
  const rate = machine.accelerator === 'tcg' ? { tscKhz: 0 } : {};
  const guest: GuestKernel = { kernel: '', initramfs: '', ...rate };
  return vmm.plan(program, machine, nothing, { kind: 'boot', guest });
}

export interface TemplateRequest {
  machine: MachineSpec;
  /** What the machine boots from. */
  assets: Assets;
  /** `templateKey` of both. */
  key: string;
  /** Aborts the making: the draft is discarded, and a waiting process makes the template. */
  signal?: AbortSignal | undefined;
}

/** Boots a machine and saves it. If several processes want the same template, one makes it. */
export async function makeTemplate(
  host: Host,
  request: TemplateRequest,
  onProgress: (message: string) => void,
): Promise<{ template: Template; made: boolean }> {
  const { machine, key, signal } = request;
  await using _lock = await lockTemplate(host, key, signal);
  const found = await findTemplate(host.home, key);
  if (found) return { template: found, made: false };
  onProgress(
    `preparing a template for ${machine.cpus} CPU${machine.cpus === 1 ? '' : 's'}, ` +
      `${machine.memoryMib} MiB (once, a few seconds)`,
  );
  const template = await bootTemplate(host, request, { readyMs: BOOT_DEADLINE_MS });
  return { template, made: true };
}

export function lockTemplate(host: Host, key: string, signal?: AbortSignal): Promise<Lock> {
  return acquireLock(host.database(), `template:${key}`, {
    timeoutMs: TEMPLATE_LOCK_MS,
    purpose: 'making the template',
    ...(signal && { signal }),
  });
}

/**
 * Call it with the template's lock. Replaces an existing template, but keeps it if the machine does not come
 * up.
 */
export async function bootTemplate(
  host: Host,
  request: TemplateRequest,
  deadlines: BootDeadlines,
): Promise<Template> {
  await removeStaleDrafts(host.home, request.key);
  const template = await make(host, request, deadlines);
  // What this template replaces is useless now.
  await dropUnusedKernels(host);
  await removeOutdatedTemplates(host.home, (other) => host.templateKeys(other));
  return template;
}

async function make(
  host: Host,
  request: TemplateRequest,
  deadlines: BootDeadlines,
): Promise<Template> {
  const { machine, assets, key } = request;
  const draft = await TemplateDraft.begin(host.home, key);
  crashPoint('template:begun');
  try {
    await bootAndSave(host, request, draft, deadlines);
    crashPoint('template:saved');
    const { versionText } = await host.vmm();
    return await draft.commit({
      ...machine,
      key,
      kernelVersion: assets.kernelVersion,
      kernelOrigin: assets.kernelOrigin,
      vmm: versionText,
      createdAt: new Date().toISOString(),
    });
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

async function bootAndSave(
  host: Host,
  { machine, assets, signal }: TemplateRequest,
  draft: TemplateDraft,
  deadlines: BootDeadlines,
): Promise<void> {
  const [guest, program] = await Promise.all([host.guest(machine, assets), host.vmm()]);
  const files = await draft.blankFiles(machine, DISK_BYTES);
  const plan = vmm.plan(program, machine, files, { kind: 'boot', guest });
  const bringUp: MachineWork = async ({ client }, monitor) => {
    // A VMM that hangs answers its monitor no more than its guest speaks; the latter is watched.
    await Promise.all([monitor.continueMachine(), readyWithin(client, draft.directory, deadlines)]);
  };
  await saveMachine(draft, plan, bringUp, { signal });
}

/**
 * Starts a machine, brings it to the point where boxes start from, and saves it.
 * @param bringUp brings the machine to that point
 */
export function saveMachine(
  draft: TemplateDraft,
  plan: LaunchPlan,
  bringUp: MachineWork,
  terms: MachineTerms,
): Promise<void> {
  const work: MachineWork = async (machine, monitor) => {
    await bringUp(machine, monitor);
    const saved = monitor.saveState(draft.directory, draft.state);
    await machine.within(saved, SAVE_DEADLINE_MS, 'vmm');
  };
  return withMachine(draft.directory, plan, work, terms);
}

export type MachineWork = (machine: MachineRun, monitor: VmmMonitor) => Promise<void>;

export interface MachineTerms {
  signal?: AbortSignal | undefined;
  /** Around the VMM; default: those of a box with standard security. */
  walls?: VmmWalls;
}

/** Starts a machine that belongs to no box, and ends it when `work` is done. */
export async function withMachine(
  directory: string,
  plan: LaunchPlan,
  work: MachineWork,
  { signal, walls }: MachineTerms,
): Promise<void> {
  await using machine = await MachineRun.start(
    { box: 'template', directory, plan, ids: vmmIds(), template: true, ...(walls && { walls }) },
    { signal, what: 'the work of a machine that is no box' },
  );
  try {
    await machine.monitored((monitor) => work(machine, monitor));
  } catch (error) {
    throw await machine.failure(error);
  }
}
