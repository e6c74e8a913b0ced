import { rm } from 'node:fs/promises';
import { throwIfAborted } from '../../abort.js';
import type { ShimClient } from '../../agent/client.js';
import type { ExecSession } from '../../agent/exec-session.js';
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Accelerator } from '../../vmm/accelerator/accelerator.js';
import type { Assets } from '../../vmm/assets/assets.js';
import type { Launch, LaunchPlan, MachineFiles, MachineSpec } from '../../vmm/driver.js';
import type { Template } from '../../vmm/template/template.js';
import { vmm } from '../../vmm/vmm.js';
import { type BoxFiles, makeDisk, prepareBoxFiles } from '../machine/box-files.js';
import { assetsOfBox } from '../machine/box-kernel.js';
import { boxNetwork } from '../machine/box-network.js';
import { crashPoint } from '../machine/crash-point.js';
import { fileLimitBytes } from '../machine/file-limit.js';
import { bootstrapValues, healthcheckValues, mainValues } from '../machine/guest-messages.js';
import { diskIsTaken } from '../machine/records.js';
import { MachineRun } from '../machine/run.js';
import type { ShimStart } from '../machine/shim-process.js';
import { StageClock } from '../machine/stage-clock.js';
import {
  BadTemplate,
  isCommandFailure,
  mayBeTemplatesFault,
} from '../machine/templates/bad-template.js';
import { imageTemplate } from '../machine/templates/image-template.js';
import { requiredVmmIds } from '../machine/vmm/ids.js';
import { wallsOf } from '../machine/vmm/walls.js';
import { copyDeadlineMs, CopyLocks, LateCopy } from '../machine/volumes/copy-up.js';
import { withMountedImages } from '../machine/volumes/image-disks.js';
import { withModules } from '../machine/volumes/kernel-modules.js';
import { type PreparedVolumes, prepareVolumes } from '../machine/volumes-start.js';
import { attachmentForStart } from '../networks/memberships.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { logOf } from '../spec/log-policy.js';
import { boxName } from '../spec/names/box-name.js';
import type { BoxAttachment } from '../spec/network/named/box-attachment.js';
import { macAddressOf } from '../spec/network/own-network.js';
import type { PublishedPort } from '../spec/network/ports.js';
import { hostResolvConf } from '../spec/network/resolv-conf.js';
import type { StartOptions } from '../spec/options.js';
import { SecurityOptions } from '../spec/security.js';
import { specOf } from '../spec/stored-spec.js';
import type { EngineContext } from '../state/context.js';
import { DiskLocks, refuseTakenDisks } from '../volumes/taken-disks.js';
import { cliProcess } from './cli-process.js';
import { exitDelay, recordAttempt, recordStart, type StartOfBox } from './start-record.js';

/** A VM restores in milliseconds and boots in seconds; an overloaded host gets this long. */
const RESTORE_DEADLINE_MS = 60_000;
const BOOT_DEADLINE_MS = 120_000;
/** A VMM loads only 80 KB of state. */
const LOAD_DEADLINE_MS = 30_000;

/** A started box, and the connection through which it was started. */
export interface StartedBox {
  client: ShimClient;
  main: ExecSession;
}

export interface StartRequest extends StartOptions {
  /** Receive the command's output from the first byte on. */
  attach: boolean;
  /** The restart policy starts the box: do nothing if it no longer wants that. */
  automatic?: boolean;
}

export interface AttemptOptions {
  /** A promise: detection runs while the box's files are prepared. */
  accelerator: Promise<Accelerator>;
  /** The ports to publish, as the host is asked for them. */
  ports: readonly PublishedPort[];
  /** Keys of templates that may be bad. */
  without: readonly string[];
}

/** The inputs of a box's machine. */
interface Prepared {
  start: StartOfBox;
  plan: LaunchPlan;
  template: Template | undefined;
  files: BoxFiles;
  volumes: PreparedVolumes;
  attachment: BoxAttachment;
}

/** The start's name in messages. */
export const startOf = (record: BoxRecord): string => `the start of box ${boxName(record)}`;

/**
 * One attempt to start a box, under its lock: the caller retries a start that fails because of its template
 * or KVM.
 */
export class StartAttempt {
  readonly #spec: BoxSpec;
  readonly #name: string;
  readonly #clock = new StageClock();
  readonly #copyLocks = new CopyLocks();

  constructor(
    private readonly context: EngineContext,
    private readonly record: BoxRecord,
    private readonly request: StartRequest,
    private readonly options: AttemptOptions,
  ) {
    this.#spec = specOf(record.options);
    this.#name = boxName(record);
  }

  /** @throws BadTemplate when the template may have caused the failure */
  async run(): Promise<StartedBox> {
    await using _locks = this.#copyLocks;
    const prepared = await this.#prepare();
    const { template, files } = prepared;
    try {
      return await this.#start(prepared);
    } catch (error) {
      const suspected = template !== undefined && mayBeTemplatesFault(error);
      // The disk may have come from the bad template, and a cancelled start leaves nothing behind.
      const discards = suspected || this.request.signal?.aborted === true;
      if (files.isNew && discards) await rm(files.disk, { force: true });
      if (await diskIsTaken(this.context.home.box(this.record.id)))
        await refuseTakenDisks(this.context, this.record, this.#spec);
      if (!suspected) throw error;
      throw new BadTemplate(template, error);
    }
  }

  async #prepare(): Promise<Prepared> {
    const { context, record, request } = this;
    const spec = this.#spec;
    const attachment = attachmentForStart(context, record);
    await refuseTakenDisks(context, record, spec);
    // A copy or an export of one of them ends first.
    await (await DiskLocks.take(context, spec, 'start', request.signal))[Symbol.asyncDispose]();
    // Docker copies when it creates a container, and never again.
    const copying =
      record.startedAt === null ? { locks: this.#copyLocks, signal: request.signal } : undefined;
    const [assets, files, accelerator, ownVolumes] = await Promise.all([
      assetsOfBox(context.host, this.#name, spec),
      prepareBoxFiles(context.home, record, spec),
      this.options.accelerator,
      prepareVolumes(spec, context, copying),
    ]);
    const withImages = await withMountedImages(context.home, record.id, spec, ownVolumes);
    const volumes = await withModules(context.host, spec, assets, withImages);
    const machine = this.#machine(accelerator);
    const template =
      request.cold === true ? undefined : await this.#chooseTemplate(machine, assets, files);
    throwIfAborted(request.signal, startOf(record));
    if (files.isNew) await makeDisk(context.home, files.disk, spec.diskBytes, template?.disk);
    this.#clock.lap('prepare');
    crashPoint('start:disk-made');
    const automatic = request.automatic === true;
    const start = { record, automatic, machine, templateKey: template?.key };
    recordAttempt(context, start);
    const machineFiles = { ...files, ...volumes.files };
    const plan = await this.#plan(machine, assets, machineFiles, template);
    return { start, plan, template, files, volumes, attachment };
  }

  async #plan(
    machine: MachineSpec,
    assets: Assets,
    files: MachineFiles,
    template: Template | undefined,
  ): Promise<LaunchPlan> {
    const { host } = this.context;
    const { network, security } = this.#spec;
    const launch: Launch = template
      ? { kind: 'restore', network }
      : { kind: 'boot', guest: await host.guest(machine, assets), network };
    const ofTemplate = template && { ram: template.ram, state: template.state };
    const plan = vmm.plan(await host.vmm(), machine, { ...files, ...ofTemplate }, launch);
    return vmm.sandboxed(plan, security?.vmmSandbox);
  }

  async #start({ start, plan, template, volumes, attachment }: Prepared): Promise<StartedBox> {
    await using machine = await MachineRun.start(this.#shimStart(plan, volumes, attachment), {
      signal: this.request.signal,
      what: startOf(this.record),
    });
    this.#clock.lap('shim');
    crashPoint('start:shim-up');
    try {
      if (template) await this.#restore(machine, template);
      else await this.#boot(machine);
      this.#clock.lap(template ? 'restore' : 'boot');
      crashPoint('start:restored');
      const main = await this.#bringUp(machine, volumes, attachment);
      // From here on the box runs, and only `stop` ends it.
      machine.ignoreSignal();
      crashPoint('start:running');
      await recordStart(this.context, start, this.#clock.stages());
      crashPoint('start:recorded');
      machine.release();
      return { client: machine.client, main };
    } catch (error) {
      throw isCommandFailure(error) ? error : await machine.failure(error);
    }
  }

  #shimStart(plan: LaunchPlan, volumes: PreparedVolumes, attachment: BoxAttachment): ShimStart {
    const { access } = volumes;
    const { context, record, request } = this;
    const { cpuShares, security, timeoutMs = 0 } = this.#spec;
    return {
      box: record.id,
      name: this.#name,
      directory: context.home.box(record.id),
      plan,
      ids: requiredVmmIds(security, record),
      net: boxNetwork(this.#spec, record.id, this.options.ports, {
        ...attachment,
        directory: context.home.networks(),
      }),
      walls: wallsOf(security),
      ...(access && { shares: access }),
      fileLimitBytes: fileLimitBytes(this.#spec, volumes),
      onExit: cliProcess(context, '__on-exit', record.id),
      exitDelayMs: exitDelay(record, request),
      timeoutMs,
      cpuShares,
      log: logOf(this.#spec),
    };
  }

  /** @throws accelerator when the box needs a feature that only KVM has */
  #machine({ name, reason }: Accelerator): MachineSpec {
    const { cpus, memoryMib, nested } = this.#spec;
    if (nested === true && name !== 'kvm')
      throw new BoxliteError(
        'accelerator',
        `box ${this.#name} is to have nested virtualization, which emulation does not give: KVM is not used (${reason})`,
        { hint: 'create it without --nested' },
      );
    return { cpus, memoryMib, accelerator: name, ...(nested === true && { nested }) };
  }

  /** The template to start from: the image's or the machine's. */
  async #chooseTemplate(
    machine: MachineSpec,
    assets: Assets,
    files: BoxFiles,
  ): Promise<Template | undefined> {
    const { host } = this.context;
    const { without } = this.options;
    const { signal } = this.request;
    const { manifestDigest } = this.record;
    const { security, privileges, diskBytes } = this.#spec;
    const { template: base } = await host.template(machine, assets, undefined, signal);
    if (without.includes(base.key)) return undefined;
    // An image's template has the box's /proc and /sys masked already.
    const { maskedPaths } = security ?? SecurityOptions.standard();
    const bare = privileges?.privileged === true || !maskedPaths;
    // A box tries the base template itself before another template is made from it.
    if (!files.isNew || bare || manifestDigest === null || without.length > 0) return base;
    const walls = wallsOf(security);
    const request = { machine, assets, base, manifestDigest, files, diskBytes, walls, signal };
    return (await imageTemplate(host, request)) ?? base;
  }

  async #restore(machine: MachineRun, { disk }: Template): Promise<void> {
    await machine.monitored(async (monitor) => {
      this.#clock.lap('vmm');
      await machine.within(monitor.restoreState(), LOAD_DEADLINE_MS, 'vmm');
      // An image's template was saved paused.
      if (disk !== undefined) await monitor.continueMachine();
    });
  }

  async #boot(machine: MachineRun): Promise<void> {
    const booted = Promise.all([
      machine.monitored((monitor) => monitor.continueMachine()),
      machine.client.waitReady(),
    ]);
    await machine.within(booted, BOOT_DEADLINE_MS, 'agent');
  }

  /** Bootstrap and command go out together; the agent takes them in order. */
  async #bringUp(
    machine: MachineRun,
    { mounts }: PreparedVolumes,
    { addresses, links }: BoxAttachment,
  ): Promise<ExecSession> {
    const { client } = machine;
    const { record, request } = this;
    const macAddress = macAddressOf(this.#spec, record.id);
    const hostResolver = this.#spec.network ? await hostResolvConf() : '';
    const bootstrapped = client.bootstrap(
      bootstrapValues(this.#spec, { macAddress, mounts, hostResolver, addresses, links }),
    );
    const healthcheck = healthcheckValues(this.#spec);
    if (healthcheck) client.healthcheck(healthcheck);
    if (record.autoRemove && request.attach) client.ownExit();
    const values = mainValues(this.#spec, request.terminal);
    const main = client.main(values, { attach: request.attach });
    main.exited.catch(() => undefined); // whoever waits for it reports the error
    main.started.catch(() => undefined);
    const times = await this.#bootstrapped(machine, bootstrapped, mounts);
    this.#copyLocks.release();
    this.#clock.lap('bootstrap');
    this.#clock.note('guest', {
      identityMs: Number(times.identityNs) / 1e6,
      disksMs: Number(times.disksNs) / 1e6,
      networkMs: Number(times.networkNs) / 1e6,
    });
    await machine.within(main.started, RESTORE_DEADLINE_MS, 'exec');
    this.#clock.lap('exec');
    return main;
  }

  async #bootstrapped<T>(
    machine: MachineRun,
    bootstrapped: Promise<T>,
    mounts: PreparedVolumes['mounts'],
  ): Promise<T> {
    const copyMs = copyDeadlineMs(mounts);
    try {
      return await machine.within(bootstrapped, copyMs ?? RESTORE_DEADLINE_MS, 'bootstrap');
    } catch (error) {
      const isLate = error instanceof BoxliteError && error.code === 'timeout';
      throw isLate && copyMs !== undefined ? new LateCopy(this.#name, mounts, error) : error;
    }
  }
}
