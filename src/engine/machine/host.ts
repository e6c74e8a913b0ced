import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GENERATION } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { Database } from '../../store/database.js';
import type { Accelerator, Verdict } from '../../vmm/accelerator/accelerator.js';
import type { Assets, KernelChoice } from '../../vmm/assets/assets.js';
import type { AcceleratorName, GuestKernel, InstalledVmm, MachineSpec } from '../../vmm/driver.js';
import type { Template } from '../../vmm/template/template.js';
import type { AcceleratorChoice } from '../spec/options.js';

export interface HostOptions {
  accelerator: AcceleratorChoice;
  qemu: string | undefined;
  onNotice: (message: string) => void;
}

/**
 * What boxes run on here: QEMU, kernel, accelerator, templates. Each is found once, when needed, and what
 * finds it is loaded then; what was not found is looked for again.
 */
export class Host {
  #vmm: Promise<InstalledVmm> | undefined;
  #assets: Promise<Assets> | undefined;
  #tscKhz: Promise<number> | undefined;

  constructor(
    readonly home: Home,
    readonly database: () => Database,
    readonly options: HostOptions,
  ) {}

  vmm(): Promise<InstalledVmm> {
    return (this.#vmm ??= this.#findVmm().catch((error: unknown) => {
      this.#vmm = undefined;
      throw error;
    }));
  }

  /** What set-up has made. */
  assets(): Promise<Assets> {
    return (this.#assets ??= this.#loadAssets().catch((error: unknown) => {
      this.#assets = undefined;
      throw error;
    }));
  }

  /** Looks for all of it again: set-up has changed what is there. */
  forget(): void {
    this.#vmm = undefined;
    this.#assets = undefined;
  }

  /** What a kernel boots with that is not the home's; looked at each time, since its file may change. */
  async assetsOfKernel(choice: KernelChoice): Promise<Assets> {
    const { loadAssets } = await import('../../vmm/assets/assets.js');
    return loadAssets(this.home, { ...choice, onProgress: this.options.onNotice });
  }

  /**
   * By what a machine is to run now. Asked for each, since a process may live longer than the answer.
   * @param anew KVM is tried whatever is known
   * @throws accelerator when KVM is insisted on and does not work
   */
  async accelerator({
    anew = false,
    signal,
  }: { anew?: boolean; signal?: AbortSignal | undefined } = {}): Promise<Accelerator> {
    const { chooseAccelerator } = await import('../../vmm/accelerator/accelerator.js');
    const { accelerator: choice, onNotice } = this.options;
    return chooseAccelerator(
      this.home,
      { choice, anew },
      {
        identity: () => this.#identity(),
        tryKvm: async (deadlines) =>
          (await import('./kvm-trial.js')).tryKvm(this, deadlines, signal),
        exclusively: (work) => this.#whileTrying(work, signal),
        onNotice,
      },
    );
  }

  /**
   * Whether KVM caused a machine's failure, and the next one is to do without it. KVM works until
   * another hypervisor takes the processor, its module is gone, or the host itself has moved.
   * @param accelerator that the machine ran by
   * @throws accelerator when KVM caused the failure and is insisted on
   */
  async blamesKvm(accelerator: AcceleratorName, error: unknown): Promise<boolean> {
    if (accelerator !== 'kvm') return false;
    const { isMachineFailure } = await import('../../vmm/accelerator/accelerator.js');
    if (!isMachineFailure(error)) return false;
    this.options.onNotice('a machine has failed with KVM: trying whether KVM still works');
    const { name, reason } = await this.accelerator({ anew: true });
    if (name === 'kvm') return false;
    this.options.onNotice(`boxes run by emulation: ${reason}`);
    return true;
  }

  /** What is known of KVM without trying it. */
  async verdict(): Promise<Verdict | undefined> {
    const { knownVerdict } = await import('../../vmm/accelerator/accelerator.js');
    return knownVerdict(this.home, await this.#identity().catch(unlessSetUp));
  }

  /**
   * The template for this machine; made first, by one boot, when it is missing.
   * @param assets what it boots from
   */
  async template(
    machine: MachineSpec,
    assets: Assets,
    onProgress: (message: string) => void = this.options.onNotice,
    signal?: AbortSignal,
  ): Promise<{ template: Template; made: boolean }> {
    const key = await this.templateKey(machine, assets);
    const { findTemplate } = await import('../../vmm/template/template.js');
    const found = await findTemplate(this.home, key);
    if (found) return { template: found, made: false };
    const { makeTemplate } = await import('./templates/template-maker.js');
    return makeTemplate(this, { machine, assets, key, signal }, onProgress);
  }

  async templateKey(machine: MachineSpec, assets: Assets): Promise<string> {
    const [{ templatePlan }, { hostProcessor }, { templateKey }] = await Promise.all([
      import('./templates/template-maker.js'),
      import('../../vmm/accelerator/host-processor.js'),
      import('../../vmm/template/template.js'),
    ]);
    const program = await this.vmm();
    return templateKey({
      argv: templatePlan(program, machine).argv,
      assetsDigest: assets.digest,
      vmmBuild: program.build,
      processor: hostProcessor(machine.accelerator),
      generation: GENERATION,
    });
  }

  /** The keys of this machine's templates that are of use: one for each kernel of the home. */
  async templateKeys(machine: MachineSpec): Promise<string[]> {
    const [{ assetsOf }, { namedManifests }] = await Promise.all([
      import('../../vmm/assets/assets.js'),
      import('../../vmm/assets/named-kernels.js'),
    ]);
    const named = (await namedManifests(this.home)).map((each) => assetsOf(this.home, each));
    const all = [await this.assets(), ...named];
    return Promise.all(all.map((assets) => this.templateKey(machine, assets)));
  }

  /** What a machine boots with, by this accelerator. */
  async guest(machine: MachineSpec, { kernel, initramfs }: Assets): Promise<GuestKernel> {
    if (machine.accelerator !== 'tcg') return { kernel, initramfs };
    return { kernel, initramfs, tscKhz: await (this.#tscKhz ??= measureTsc()) };
  }

  async #findVmm(): Promise<InstalledVmm> {
    const { vmm } = await import('../../vmm/vmm.js');
    return vmm.find(this.home, this.options.qemu);
  }

  async #loadAssets(): Promise<Assets> {
    const { loadAssets } = await import('../../vmm/assets/assets.js');
    return loadAssets(this.home);
  }

  async #whileTrying<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const [{ acquireLock }, { TRIAL_LOCK_MS }] = await Promise.all([
      import('../../store/locks.js'),
      import('./kvm-trial.js'),
    ]);
    const options = {
      timeoutMs: TRIAL_LOCK_MS,
      purpose: 'trying KVM',
      ...(signal && { signal }),
    };
    await using _lock = await acquireLock(this.database(), 'accelerator:kvm', options);
    return await work();
  }

  async #identity(): Promise<{ vmmBuild: string; assetsDigest: string }> {
    const [{ build }, assets] = await Promise.all([this.vmm(), this.assets()]);
    return { vmmBuild: build, assetsDigest: assets.digest };
  }
}

/** Before set-up, and without QEMU, nothing can have been tried. */
function unlessSetUp(error: unknown): undefined {
  if (!(error instanceof BoxliteError)) throw error;
}

/** kHz of the host's time-stamp counter, which boxlite-host measures in 20 ms. */
async function measureTsc(): Promise<number> {
  const { nativeProgram } = await import('../../host/native-programs.js');
  const { stdout } = await promisify(execFile)(nativeProgram('boxlite-host'), ['tsc-khz'], {
    timeout: 5_000,
  });
  const khz = Number(stdout.trim());
  if (!Number.isInteger(khz) || khz <= 0) throw new Error(`no rate of the counter: ${stdout}`);
  return khz;
}
