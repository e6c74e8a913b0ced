import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GENERATION } from '../agent/protocol.js';
import type { Home } from '../home.js';
import type { Database } from '../store/database.js';
import {
  chooseAccelerator,
  knownVerdict,
  type Accelerator,
  type Verdict,
} from '../vmm/accelerator.js';
import { assetsOf, loadAssets, type Assets, type KernelChoice } from '../vmm/assets.js';
import type { GuestKernel, MachineSpec } from '../vmm/driver.js';
import { hostProcessor } from '../vmm/host-processor.js';
import { namedManifests } from '../vmm/named-kernels.js';
import { nativeProgram } from '../vmm/native-programs.js';
import { findQemu, type QemuBinary } from '../vmm/qemu-binary.js';
import { findTemplate, templateKey, type Template } from '../vmm/template.js';
import type { AcceleratorChoice } from './options.js';

export interface HostOptions {
  accelerator: AcceleratorChoice;
  qemu: string | undefined;
  onNotice: (message: string) => void;
}

/** What boxes run on here: QEMU, kernel, accelerator, templates. Each is found once, when needed. */
export class Host {
  #qemu: Promise<QemuBinary> | undefined;
  #assets: Promise<Assets> | undefined;
  #accelerator: Promise<Accelerator> | undefined;
  #tscKhz: Promise<number> | undefined;

  constructor(
    readonly home: Home,
    readonly database: () => Database,
    readonly options: HostOptions,
  ) {}

  qemu(): Promise<QemuBinary> {
    return (this.#qemu ??= findQemu(this.home, this.options.qemu));
  }

  /** What set-up has made. */
  assets(): Promise<Assets> {
    return (this.#assets ??= loadAssets(this.home));
  }

  /** What a kernel boots with that is not the home's; looked at anew each time, since its file may change. */
  assetsOfKernel(choice: KernelChoice): Promise<Assets> {
    return loadAssets(this.home, { ...choice, onProgress: this.options.onNotice });
  }

  accelerator(): Promise<Accelerator> {
    return (this.#accelerator ??= this.#chooseAccelerator());
  }

  /** What is known of KVM without trying it. */
  async verdict(): Promise<Verdict | undefined> {
    return knownVerdict(this.home, await this.#identity());
  }

  /**
   * The template for this machine; made first, by one boot, when it is missing.
   * @param assets what it boots from
   */
  async template(
    machine: MachineSpec,
    assets: Assets,
    onProgress: (message: string) => void = this.options.onNotice,
  ): Promise<{ template: Template; made: boolean }> {
    const key = await this.templateKey(machine, assets);
    const found = await findTemplate(this.home, key);
    if (found) return { template: found, made: false };
    const { makeTemplate } = await import('./template-maker.js');
    return makeTemplate(this, { machine, assets, key }, onProgress);
  }

  async templateKey(machine: MachineSpec, assets: Assets): Promise<string> {
    const { templatePlan } = await import('./template-maker.js');
    const qemu = await this.qemu();
    return templateKey({
      argv: templatePlan(qemu, machine).argv,
      assetsDigest: assets.digest,
      vmmBuild: qemu.build,
      processor: hostProcessor(machine.accelerator),
      generation: GENERATION,
    });
  }

  /** The keys of this machine's templates that are of use: one for each kernel of the home. */
  async templateKeys(machine: MachineSpec): Promise<string[]> {
    const named = (await namedManifests(this.home)).map((each) => assetsOf(this.home, each));
    const all = [await this.assets(), ...named];
    return Promise.all(all.map((assets) => this.templateKey(machine, assets)));
  }

  /** What a machine boots with, by this accelerator. */
  async guest(machine: MachineSpec, { kernel, initramfs }: Assets): Promise<GuestKernel> {
    if (machine.accelerator !== 'tcg') return { kernel, initramfs };
    return { kernel, initramfs, tscKhz: await (this.#tscKhz ??= measureTsc()) };
  }

  async #chooseAccelerator(): Promise<Accelerator> {
    const { accelerator, onNotice } = this.options;
    return chooseAccelerator(
      this.home,
      accelerator,
      await this.#identity(),
      async (deadlines) => {
        const { tryKvm } = await import('./template-maker.js');
        return tryKvm(this, deadlines);
      },
      onNotice,
    );
  }

  async #identity(): Promise<{ vmmBuild: string; assetsDigest: string }> {
    const [qemu, assets] = await Promise.all([this.qemu(), this.assets()]);
    return { vmmBuild: qemu.build, assetsDigest: assets.digest };
  }
}

/** kHz of the host's time-stamp counter, measured by the shim in 20 ms. */
async function measureTsc(): Promise<number> {
  const { stdout } = await promisify(execFile)(nativeProgram('boxlite-shim'), ['--tsc-khz'], {
    timeout: 5_000,
  });
  const khz = Number(stdout.trim());
  if (!Number.isInteger(khz) || khz <= 0) throw new Error(`no rate of the counter: ${stdout}`);
  return khz;
}
