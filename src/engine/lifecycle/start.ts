import { rm } from 'node:fs/promises';
import { ShimClient } from '../../agent/client.js';
import type { ExecSession } from '../../agent/exec-session.js';
import { BoxliteError } from '../../errors.js';
import type { BoxPatch, BoxRecord } from '../../store/box-record.js';
import { boxEvent } from '../../store/events.js';
import { canStart, isRunning } from '../../store/status.js';
import type { Accelerator } from '../../vmm/accelerator.js';
import type { Assets } from '../../vmm/assets.js';
import type { Launch, MachineFiles, MachineSpec } from '../../vmm/driver.js';
import { planQemu, sandboxed } from '../../vmm/qemu/command.js';
import { continueMachine, cutLink, restoreState } from '../../vmm/qemu/migration.js';
import { dropTemplate, type Template } from '../../vmm/template.js';
import {
  BadTemplate,
  isCommandFailure,
  mayBeTemplatesFault,
} from '../machine/templates/bad-template.js';
import { type BoxFiles, makeDisk, prepareBoxFiles } from '../machine/box-files.js';
import { assetsOfBox, blamingKernel } from '../machine/box-kernel.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { logOf } from '../spec/log-policy.js';
import { restartPolicyOf, specOf } from '../spec/stored-spec.js';
import { unknownState } from '../state/state-error.js';
import { boxName } from '../spec/names/box-name.js';
import { currentRecord, lockBox, type EngineContext } from '../state/context.js';
import { crashPoint } from '../machine/crash-point.js';
import { bootError, startedFact } from '../machine/facts.js';
import { fileLimitBytes } from '../machine/file-limit.js';
import { healthcheckValues } from '../machine/guest-messages.js';
import { bootstrapValues, mainValues } from '../machine/guest-messages.js';
import { imageTemplate } from '../machine/templates/image-template.js';
import { endLeftMachine } from '../machine/left-machine.js';
import { openMonitor } from '../machine/monitor.js';
import { ownProgram } from '../machine/own-program.js';
import { settle } from '../state/observe.js';
import type { StartOptions } from '../spec/options.js';
import { FIRST_DELAY_MS, isRestartDue, nextDelayMs } from '../state/restart-decision.js';
import { endWaitingShim } from '../state/shim-end.js';
import { hostResolvConf } from '../spec/network/resolv-conf.js';
import { SecurityOptions } from '../spec/security.js';
import { requiredVmmIds } from '../machine/vmm-ids.js';
import { startShim, type ShimProcess } from '../machine/shim-process.js';
import { StageClock } from '../machine/stage-clock.js';
import { waitForEnd } from '../state/running-client.js';
import { prepareVolumes, type PreparedVolumes } from '../machine/volumes-start.js';
import { within } from '../machine/within.js';

/** A VM restores in milliseconds and boots in seconds; a host in trouble gets this long. */
const RESTORE_DEADLINE_MS = 60_000;
const BOOT_DEADLINE_MS = 120_000;
/** What a VMM loads is 80 KB. */
const LOAD_DEADLINE_MS = 30_000;

/** A started box, and the connection through which it was started. */
export interface StartedBox {
  client: ShimClient;
  main: ExecSession;
}

export interface StartRequest extends StartOptions {
  /** Receive the command's output from its first byte. */
  attach: boolean;
  /** By the box's restart policy: nothing is done when it does not want it (any more). */
  automatic?: boolean;
}

/**
 * Starts a box, once however many processes try.
 * @returns undefined when it runs already
 */
export async function startBox(
  context: EngineContext,
  id: string,
  request: StartRequest,
): Promise<StartedBox | undefined> {
  await using _lock = await lockBox(context, id, request.automatic === true ? 'restart' : 'start');
  return await startLocked(context, id, request);
}

/** The same for a caller who holds the box's lock. */
export async function startLocked(
  context: EngineContext,
  id: string,
  request: StartRequest,
): Promise<StartedBox | undefined> {
  crashPoint('start:locked');
  const record = await settledKnown(context, id);
  if (record.paused)
    throw new BoxliteError(
      'box-state',
      `cannot start the paused box ${boxName(record)}, try unpause instead`,
      { hint: `\`boxlite unpause ${boxName(record)}\`` },
    );
  if (isRunning(record.status)) return undefined;
  if (request.automatic === true && !isRestartDue(record)) return undefined;
  if (!canStart(record.status))
    throw new BoxliteError(
      'box-state',
      `box ${boxName(record)} can't be started: it is ${record.status}`,
      { hint: `wait until it has ended, or stop it with \`boxlite stop ${boxName(record)}\`` },
    );
  // The last run's VM may still be writing back.
  await waitForEnd(context, id);
  await endLeftMachine(context.home, id);
  // A hook is its shim's child.
  if (request.automatic !== true) await endWaitingShim(context, record);
  try {
    return await launchOnce(context, record, request);
  } catch (error) {
    const told = blamingKernel(boxName(record), specOf(record.options), error);
    noteFailure(context, record, told);
    throw told;
  }
}

/** @throws box-state when the truth can't be had */
async function settledKnown(context: EngineContext, id: string): Promise<BoxRecord> {
  const record = currentRecord(context, id);
  try {
    return await settle(context.home, context.database(), record);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw unknownState({ ...record, error: error.message });
  }
}

/** Once more when it was not the box's fault: by emulation when KVM has failed, and without a template that may have. */
async function launchOnce(
  context: EngineContext,
  record: BoxRecord,
  request: StartRequest,
): Promise<StartedBox> {
  const { host } = context;
  const accelerator = host.accelerator();
  try {
    return await launch(context, record, request, accelerator, []);
  } catch (error) {
    if (await host.blamesKvm((await accelerator).name, error))
      return await launchOnce(context, record, request);
    if (!(error instanceof BadTemplate)) throw error;
    return await launchWithout(context, record, request, accelerator, [error]);
  }
}

/**
 * From the template that those are made from, or from none. They are to blame, and dropped, when this start does
 * better; otherwise it is something else that is wrong, and they stay.
 */
async function launchWithout(
  context: EngineContext,
  record: BoxRecord,
  request: StartRequest,
  accelerator: Promise<Accelerator>,
  suspects: readonly [BadTemplate, ...BadTemplate[]],
): Promise<StartedBox> {
  const without = suspects.map(({ template }) => template.key);
  try {
    const started = await launch(context, record, request, accelerator, without);
    await dropTemplates(context, suspects);
    return started;
  } catch (error) {
    if (error instanceof BadTemplate)
      return await launchWithout(context, record, request, accelerator, [...suspects, error]);
    if (!isCommandFailure(error)) throw suspects[0];
    await dropTemplates(context, suspects);
    throw error;
  }
}

async function dropTemplates(
  { home, host }: EngineContext,
  templates: readonly BadTemplate[],
): Promise<void> {
  for (const { template, message } of templates) {
    host.options.onNotice(`template ${template.key} is of no use and is made anew (${message})`);
    await dropTemplate(home, template.key);
  }
}

async function launch(
  context: EngineContext,
  record: BoxRecord,
  request: StartRequest,
  chosen: Promise<Accelerator>,
  without: readonly string[],
): Promise<StartedBox> {
  const clock = new StageClock();
  const spec = specOf(record.options);
  const directory = context.home.box(record.id);
  const [assets, files, accelerator, volumes] = await Promise.all([
    assetsOfBox(context.host, boxName(record), spec),
    prepareBoxFiles(context.home, record, spec),
    chosen,
    prepareVolumes(spec),
  ]);
  const machine = machineOf(boxName(record), spec, accelerator);
  const template =
    request.cold === true
      ? undefined
      : await chooseTemplate(context, machine, assets, record, spec, files, without);
  if (files.isNew) await makeDisk(context.home, files.disk, spec.diskBytes, template?.disk);
  clock.lap('prepare');
  crashPoint('start:disk-made');
  noteAttempt(context, record, request, machine, template?.key);

  const start: Launch = template
    ? { kind: 'restore', network: spec.network }
    : { kind: 'boot', guest: await context.host.guest(machine, assets), network: spec.network };
  const qemu = await context.host.qemu();
  const machineFiles: MachineFiles = template
    ? { ...files, ...volumes.files, ram: template.ram, state: template.state }
    : { ...files, ...volumes.files };
  const shim = await startShim({
    box: record.id,
    name: boxName(record),
    directory,
    plan: sandboxed(planQemu(qemu, machine, machineFiles, start), spec.security?.vmmSandbox),
    ids: requiredVmmIds(spec.security, record),
    namespaces: spec.security?.vmmNamespaces,
    ...(volumes.access && { shares: volumes.access }),
    fileLimitBytes: fileLimitBytes(spec),
    onExit: exitHook(context, record.id),
    exitDelayMs: exitDelay(record, request),
    timeoutMs: spec.timeoutMs ?? 0,
    log: logOf(spec),
  });
  clock.lap('shim');
  crashPoint('start:shim-up');
  let client: ShimClient | null = null;
  try {
    client = await ShimClient.connect(directory, { name: boxName(record) });
    if (client === null)
      throw new BoxliteError('boot-failed', `the shim of box ${boxName(record)} is gone`);
    if (template) await restore(directory, boxName(record), template, spec, clock);
    else if (!spec.network) await bootWithoutLink(directory);
    if (!template) await within(client.waitReady(), BOOT_DEADLINE_MS, boxName(record), 'agent');
    clock.lap(template ? 'restore' : 'boot');
    crashPoint('start:restored');
    const main = await bringUp(client, record, spec, request, clock, volumes);
    crashPoint('start:running');
    await recordStart(context, record, request, clock, machine, template?.key);
    crashPoint('start:recorded');
    shim.release();
    return { client, main };
  } catch (error) {
    await abandon(client, shim);
    const told = isCommandFailure(error)
      ? error
      : ((await bootError(directory, boxName(record))) ?? error);
    if (!template || !mayBeTemplatesFault(told)) throw told;
    // It may have come from the template.
    if (files.isNew) await rm(files.disk, { force: true });
    throw new BadTemplate(template, told);
  }
}

/** @throws accelerator when the box needs what only KVM gives */
function machineOf(box: string, spec: BoxSpec, { name, reason }: Accelerator): MachineSpec {
  const { cpus, memoryMib, nested } = spec;
  if (nested === true && name !== 'kvm')
    throw new BoxliteError(
      'accelerator',
      `box ${box} is to have nested virtualization, which emulation does not give: KVM is not used (${reason})`,
      { hint: 'create it without --nested' },
    );
  return { cpus, memoryMib, accelerator: name, ...(nested === true && { nested }) };
}

/** Bootstrap and command go out together; the agent takes them in order. */
async function bringUp(
  client: ShimClient,
  record: BoxRecord,
  spec: BoxSpec,
  request: StartRequest,
  clock: StageClock,
  { mounts }: PreparedVolumes,
): Promise<ExecSession> {
  const hostResolver = spec.network ? await hostResolvConf() : '';
  const bootstrapped = client.bootstrap(bootstrapValues(spec, mounts, hostResolver));
  const healthcheck = healthcheckValues(spec);
  if (healthcheck) client.healthcheck(healthcheck);
  if (record.autoRemove && request.attach) client.ownExit();
  const main = client.main(mainValues(spec, request.terminal), { attach: request.attach });
  main.exited.catch(() => undefined); // told by whoever waits for it
  main.started.catch(() => undefined);
  const times = await within(bootstrapped, RESTORE_DEADLINE_MS, boxName(record), 'bootstrap');
  clock.lap('bootstrap');
  clock.note('guest', {
    identityMs: Number(times.identityNs) / 1e6,
    disksMs: Number(times.disksNs) / 1e6,
    networkMs: Number(times.networkNs) / 1e6,
  });
  await within(main.started, RESTORE_DEADLINE_MS, boxName(record), 'exec');
  clock.lap('exec');
  return main;
}

/**
 * Where the box starts from: its image's template or its machine's; undefined boots it.
 * @param without keys of templates that may be no good
 */
async function chooseTemplate(
  context: EngineContext,
  machine: MachineSpec,
  assets: Assets,
  record: BoxRecord,
  spec: BoxSpec,
  files: BoxFiles,
  without: readonly string[],
): Promise<Template | undefined> {
  const { template: base } = await context.host.template(machine, assets);
  if (without.includes(base.key)) return undefined;
  // In an image's template the box's /proc and /sys are masked already.
  const { maskedPaths } = spec.security ?? SecurityOptions.standard();
  const bare = spec.privileges?.privileged === true || !maskedPaths;
  // What an image's is made from is tried before another one is made.
  if (!files.isNew || bare || record.manifestDigest === null || without.length > 0) return base;
  const { manifestDigest } = record;
  const { diskBytes } = spec;
  const request = { machine, assets, base, manifestDigest, files, diskBytes };
  return (await imageTemplate(context.host, request)) ?? base;
}

async function restore(
  directory: string,
  box: string,
  template: Template,
  { network }: BoxSpec,
  clock: StageClock,
): Promise<void> {
  const qmp = await openMonitor(directory);
  clock.lap('vmm');
  try {
    await within(restoreState(qmp, { network }), LOAD_DEADLINE_MS, box, 'vmm');
    // An image's template was saved standing still.
    if (template.disk !== undefined) await continueMachine(qmp);
  } finally {
    qmp.close();
  }
}

/** Lets a machine boot whose network is cut first. */
async function bootWithoutLink(directory: string): Promise<void> {
  const qmp = await openMonitor(directory);
  try {
    await Promise.all([cutLink(qmp), continueMachine(qmp)]);
  } finally {
    qmp.close();
  }
}

/**
 * What this process alone knows is written before the machine starts: should it be killed once the command
 * runs, whoever finds the run adds what the shim has told (`startPatch`).
 */
function noteAttempt(
  context: EngineContext,
  record: BoxRecord,
  request: StartRequest,
  machine: MachineSpec,
  templateKey: string | undefined,
): void {
  context.database().boxes.update(record.id, {
    // Of a restart the count is raised by its success.
    ...(request.automatic !== true && { restartCount: 0 }),
    restartDelayMs: exitDelay(record, request) ?? 0,
    timings: null,
    accelerator: machine.accelerator,
    templateKey: templateKey ?? null,
  });
}

async function recordStart(
  context: EngineContext,
  record: BoxRecord,
  request: StartRequest,
  clock: StageClock,
  machine: MachineSpec,
  templateKey: string | undefined,
): Promise<void> {
  // The shim's own word, written before `started` came: with it a later reader can tell that this
  // start is the one recorded.
  const started = await startedFact(context.home.box(record.id));
  const startedAt = started?.atMs ?? Date.now();
  const ours: BoxPatch = {
    startCount: record.startCount + 1,
    restartCount: request.automatic === true ? record.restartCount + 1 : 0,
    restartDelayMs: exitDelay(record, request) ?? 0,
    timings: clock.stages(),
    accelerator: machine.accelerator,
    templateKey: templateKey ?? null,
  };
  const run: BoxPatch = {
    pid: started?.vmmPid ?? null,
    shimPid: started?.shimPid ?? null,
    startedAt,
    finishedAt: null,
    exitCode: null,
    exitSignal: null,
    oomKilled: false,
    paused: false,
    wanted: true,
    error: null,
  };
  const database = context.database();
  database.write(() => {
    // Somebody who looked on may have written the run down, and its end as well.
    if (database.boxes.get(record.id)?.startedAt === startedAt)
      database.boxes.update(record.id, ours);
    else if (
      database.boxes.transition(record.id, ['configured', 'stopped'], 'running', {
        ...ours,
        ...run,
      })
    )
      database.events.add(boxEvent(record, 'start', {}, startedAt));
  });
}

/** What the shim waits before it runs the hook; undefined = it runs none. */
export function exitDelay(
  record: BoxRecord,
  { automatic = false }: { automatic?: boolean } = {},
): number | undefined {
  if (record.autoRemove) return 0;
  if (restartPolicyOf(record.options).name === 'no') return undefined;
  return automatic ? nextDelayMs(record) : FIRST_DELAY_MS;
}

/** What the shim runs when the box has ended. */
function exitHook({ home, host }: EngineContext, id: string): string[] {
  // As this start was asked for: the hook has the environment, and not the flags.
  const { accelerator } = host.options;
  return ownProgram('--home', home.root, '--accel', accelerator, '__on-exit', id);
}

async function abandon(client: ShimClient | null, shim: ShimProcess): Promise<void> {
  client?.killVmm();
  // First, so that a VMM which has ended by itself is not told to have been left alone.
  await client?.closed;
  shim.release();
}

function noteFailure(context: EngineContext, record: BoxRecord, error: unknown): void {
  if (!(error instanceof BoxliteError)) return;
  const exitCode =
    error.code === 'exec-not-found' ? 127 : error.code === 'exec-not-invocable' ? 126 : 128;
  const database = context.database();
  database.write(() => {
    // A restart that can't be is not tried for ever (Docker's rule).
    database.boxes.update(record.id, { error: error.message, exitCode, wanted: false });
    database.counters.boxFailed();
  });
}
