import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShimClient } from '../agent/client.js';
import { connectSocket } from '../agent/connect.js';
import type { ExecSession } from '../agent/exec-session.js';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import { BOX_FILES } from '../home.js';
import { blankDisk } from '../image/blank-disk.js';
import { imageDisk } from '../image/image-disk.js';
import { copySparse } from '../image/sparse-copy.js';
import { vmdkDescriptor } from '../image/vmdk.js';
import type { BoxRecord } from '../store/box-record.js';
import { canStart, isRunning } from '../store/status.js';
import { extentPath, type Launch, type MachineFiles, type MachineSpec } from '../vmm/driver.js';
import { projectRoot } from '../vmm/native-programs.js';
import { planQemu } from '../vmm/qemu/command.js';
import { restoreState } from '../vmm/qemu/migration.js';
import { QmpClient } from '../vmm/qemu/qmp.js';
import { dropTemplate } from '../vmm/template.js';
import { specOf, type BoxSpec } from './box-spec.js';
import { currentRecord, lockBox, type EngineContext } from './context.js';
import { bootError, startedFact } from './facts.js';
import { bootstrapValues, mainValues } from './guest-messages.js';
import { settle } from './observe.js';
import type { StartOptions } from './options.js';
import { startShim, type ShimProcess } from './shim-process.js';
import { StageClock } from './stage-clock.js';
import { waitForEnd } from './stop.js';
import { vmmUser } from './vmm-user.js';

/** A VM restores in milliseconds and boots in seconds; a host in trouble gets this long. */
const RESTORE_DEADLINE_MS = 60_000;
const BOOT_DEADLINE_MS = 120_000;

/** A started box, and the connection through which it was started. */
export interface StartedBox {
  client: ShimClient;
  main: ExecSession;
}

export interface StartRequest extends StartOptions {
  /** Receive the command's output from its first byte. */
  attach: boolean;
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
  await using _lock = await lockBox(context, id, 'start');
  const record = await settle(context.home, context.database(), currentRecord(context, id));
  if (isRunning(record.status)) return undefined;
  if (!canStart(record.status))
    throw new BoxliteError('box-state', `box ${id} can't be started: it is ${record.status}`);
  // The last run's VM may still be writing back.
  await waitForEnd(context, id);
  try {
    return await launch(context, record, request);
  } catch (error) {
    noteFailure(context, record, error);
    throw error;
  }
}

async function launch(
  context: EngineContext,
  record: BoxRecord,
  request: StartRequest,
): Promise<StartedBox> {
  const clock = new StageClock();
  const spec = specOf(record.options);
  const directory = context.home.box(record.id);
  const [files, { machine, template }] = await Promise.all([
    prepareFiles(context, record, spec),
    chooseMachine(context, spec, request.cold === true),
  ]);
  clock.lap('prepare');

  const start: Launch = template
    ? { kind: 'restore' }
    : { kind: 'boot', guest: await context.host.guest(machine) };
  const qemu = await context.host.qemu();
  const machineFiles: MachineFiles = template
    ? { ...files, ram: template.ram, state: template.state }
    : files;
  const shim = await startShim({
    box: record.id,
    directory,
    plan: planQemu(qemu, machine, machineFiles, start),
    user: vmmUser(record.lockId),
    ...(record.autoRemove ? { onExit: exitHook(context, record.id) } : {}),
  });
  clock.lap('shim');
  let client: ShimClient | null = null;
  try {
    client = await ShimClient.connect(directory);
    if (client === null)
      throw new BoxliteError('boot-failed', `the shim of box ${record.id} is gone`);
    if (template) await restore(directory);
    else await within(client.waitReady(), BOOT_DEADLINE_MS, record.id, 'agent');
    clock.lap(template ? 'restore' : 'boot');
    const main = await bringUp(client, record, spec, request, clock);
    await recordStart(context, record, clock, machine, template?.key);
    shim.release();
    return { client, main };
  } catch (error) {
    await abandon(client, shim);
    const told = isCommandFailure(error)
      ? error
      : ((await bootError(directory, record.id)) ?? error);
    // A template that QEMU refuses is made anew by the next start.
    if (template && told instanceof BoxliteError && told.stage === 'vmm')
      await dropTemplate(context.home, template.key);
    throw told;
  }
}

/** Bootstrap and command go out together; the agent takes them in order. */
async function bringUp(
  client: ShimClient,
  record: BoxRecord,
  spec: BoxSpec,
  request: StartRequest,
  clock: StageClock,
): Promise<ExecSession> {
  const bootstrapped = client.bootstrap(bootstrapValues(spec));
  if (record.autoRemove && request.attach) client.ownExit();
  const main = client.main(mainValues(spec, request.terminal), { attach: request.attach });
  main.exited.catch(() => undefined); // told by whoever waits for it
  main.started.catch(() => undefined);
  const times = await within(bootstrapped, RESTORE_DEADLINE_MS, record.id, 'bootstrap');
  clock.lap('bootstrap');
  clock.note('guest', {
    identityMs: Number(times.identityNs) / 1e6,
    disksMs: Number(times.disksNs) / 1e6,
    networkMs: Number(times.networkNs) / 1e6,
  });
  await within(main.started, RESTORE_DEADLINE_MS, record.id, 'exec');
  clock.lap('exec');
  return main;
}

async function prepareFiles(
  context: EngineContext,
  record: BoxRecord,
  spec: BoxSpec,
): Promise<MachineFiles> {
  const { home } = context;
  if (record.manifestDigest === null)
    throw new BoxliteError('image-not-found', `box ${record.id} has no image`);
  const directory = home.box(record.id);
  const disk = home.boxFile(record.id, 'disk');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await mkdir(home.emptyShare(), { recursive: true, mode: 0o555 });
    await Promise.all(
      (['started', 'exit', 'bootError', 'console'] as const).map((fact) =>
        rm(home.boxFile(record.id, fact), { force: true }),
      ),
    );
  } catch (error) {
    throw fileError(error, `prepare ${directory}`);
  }
  const [image] = await Promise.all([
    imageDisk(home, record.manifestDigest, spec.diffIds),
    prepareDisk(context, disk, spec.diskBytes),
  ]);
  const descriptor = home.boxFile(record.id, 'image');
  const { extents } = image;
  try {
    await writeFile(
      descriptor,
      vmdkDescriptor(extents.map(({ sectors }, i) => ({ path: extentPath(i), sectors }))),
    );
  } catch (error) {
    throw fileError(error, `write ${descriptor}`);
  }
  return {
    image: descriptor,
    extents: extents.map(({ path }) => path),
    disk,
    share: home.emptyShare(),
  };
}

/** A box keeps its disk over restarts; the first start copies a blank one. */
async function prepareDisk(context: EngineContext, disk: string, bytes: number): Promise<void> {
  try {
    await stat(disk);
    return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `read ${disk}`);
  }
  const draft = `${disk}.new`;
  await rm(draft, { force: true });
  await copySparse(await blankDisk(context.home, bytes), draft);
  await rename(draft, disk);
}

async function chooseMachine(context: EngineContext, spec: BoxSpec, cold: boolean) {
  const accelerator = await context.host.accelerator();
  const machine: MachineSpec = {
    cpus: spec.cpus,
    memoryMib: spec.memoryMib,
    accelerator: accelerator.name,
  };
  const template = cold ? undefined : (await context.host.template(machine)).template;
  return { machine, template };
}

async function restore(directory: string): Promise<void> {
  const socket = await connectSocket(directory, BOX_FILES.qmpSocket);
  if (socket === null)
    throw new BoxliteError('boot-failed', "the VMM's monitor is gone", { stage: 'vmm' });
  const qmp = new QmpClient(socket);
  try {
    await restoreState(qmp);
  } finally {
    qmp.close();
  }
}

async function recordStart(
  context: EngineContext,
  record: BoxRecord,
  clock: StageClock,
  machine: MachineSpec,
  templateKey: string | undefined,
): Promise<void> {
  // The shim's own word, written before `started` came: with it a later reader can tell that this
  // start is the one recorded.
  const started = await startedFact(context.home.box(record.id));
  context.database().boxes.transition(record.id, ['configured', 'stopped'], 'running', {
    pid: started?.vmmPid ?? null,
    shimPid: started?.shimPid ?? null,
    startedAt: started?.atMs ?? Date.now(),
    finishedAt: null,
    exitCode: null,
    exitSignal: null,
    oomKilled: false,
    error: null,
    startCount: record.startCount + 1,
    timings: clock.stages(),
    accelerator: machine.accelerator,
    templateKey: templateKey ?? null,
  });
}

/** What the shim runs when the box has ended. */
function exitHook(context: EngineContext, id: string): string[] {
  const script = join(projectRoot(), 'bin', 'boxlite');
  return [process.execPath, script, '--home', context.home.root, '__on-exit', id];
}

async function abandon(client: ShimClient | null, shim: ShimProcess): Promise<void> {
  client?.killVmm();
  shim.release();
  await client?.closed;
}

function noteFailure(context: EngineContext, record: BoxRecord, error: unknown): void {
  if (!(error instanceof BoxliteError)) return;
  const exitCode =
    error.code === 'exec-not-found' ? 127 : error.code === 'exec-not-invocable' ? 126 : 128;
  context.database().boxes.update(record.id, { error: error.message, exitCode });
}

/** The guest came up and the command is to blame. */
function isCommandFailure(error: unknown): boolean {
  return error instanceof BoxliteError && error.code.startsWith('exec-');
}

async function within<T>(promise: Promise<T>, ms: number, box: string, stage: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () =>
            reject(
              new BoxliteError(
                'boot-failed',
                `box ${box} did not get past stage ${stage} within ${ms / 1000} s`,
                { stage },
              ),
            ),
          ms,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
