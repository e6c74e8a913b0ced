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
 * What boxes need on this host: QEMU, kernel, accelerator, templates. Each is found, and the code for it
 * loaded, on first use; failed searches are repeated.
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

  /** The files that set-up has made. */
  assets(): Promise<Assets> {
    return (this.#assets ??= this.#loadAssets().catch((error: unknown) => {
      this.#assets = undefined;
      throw error;
    }));
  }

  /** Forgets what was found, because set-up has changed it. */
  forget(): void {
    this.#vmm = undefined;
    this.#assets = undefined;
  }

  /** What a kernel other than the home's boots with; checked each time, because its file may change. */
  async assetsOfKernel(choice: KernelChoice): Promise<Assets> {
    const { loadAssets } = await import('../../vmm/assets/assets.js');
    return loadAssets(this.home, { ...choice, onProgress: this.options.onNotice });
  }

  /**
   * The accelerator for the next machine. Ask for each machine: a process may live longer than the answer
   * holds.
   * @param recheck try KVM whatever is known
   * @throws accelerator when KVM is required and does not work
   */
  async accelerator({
    recheck = false,
    signal,
  }: { recheck?: boolean; signal?: AbortSignal | undefined } = {}): Promise<Accelerator> {
    const { chooseAccelerator } = await import('../../vmm/accelerator/accelerator.js');
    const { accelerator: choice, onNotice } = this.options;
    return chooseAccelerator(
      this.home,
      { choice, recheck },
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
   * Whether KVM caused a machine's failure, so the next one must do without it. KVM can stop working: another
   * hypervisor takes the processor, its module is removed, or the host is migrated.
   * @param accelerator the failed machine's
   * @throws accelerator when KVM caused the failure and is required
   */
  async blamesKvm(accelerator: AcceleratorName, error: unknown): Promise<boolean> {
    if (accelerator !== 'kvm') return false;
    const { isMachineFailure } = await import('../../vmm/accelerator/accelerator.js');
    if (!isMachineFailure(error)) return false;
    this.options.onNotice('a machine has failed with KVM: trying whether KVM still works');
    const { name, reason } = await this.accelerator({ recheck: true });
    if (name === 'kvm') return false;
    this.options.onNotice(`boxes run by emulation: ${reason}`);
    return true;
  }

  /** What is known about KVM without trying it. */
  async verdict(): Promise<Verdict | undefined> {
    const { knownVerdict } = await import('../../vmm/accelerator/accelerator.js');
    return knownVerdict(this.home, await this.#identity().catch(unlessSetUp));
  }

  /**
   * The template for this machine; if it is missing, one boot makes it.
   * @param assets what the machine boots from
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

  /** The keys of this machine's usable templates, one for each kernel of the home. */
  async templateKeys(machine: MachineSpec): Promise<string[]> {
    const [{ assetsOf }, { namedManifests }] = await Promise.all([
      import('../../vmm/assets/assets.js'),
      import('../../vmm/assets/named-kernels.js'),
    ]);
    const named = (await namedManifests(this.home)).map((each) => assetsOf(this.home, each));
    const all = [await this.assets(), ...named];
    return Promise.all(all.map((assets) => this.templateKey(machine, assets)));
  }

  /** What a machine boots with under its accelerator. */
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

/** Before set-up, or without QEMU, KVM can't have been tried. */
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
