/** The programs that boxes need. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { VmmProgram } from '../../../vmm/driver.js';
import { vmm } from '../../../vmm/vmm.js';
import { nativeProgram } from '../../../host/native-programs.js';
import type { EngineContext } from '../../state/context.js';
import { findMke2fs } from '../setup.js';
import { fault, ok, warning, type Check, type Finding } from './check.js';

const NATIVE_TIMEOUT_MS = 5_000;

export function programChecks({ host }: EngineContext, kernel: string | undefined): Check[] {
  return [
    {
      name: 'qemu',
      title: 'QEMU',
      needs: ['disk'],
      run: async () => {
        const { path, versionText } = await host.vmm();
        return ok(`${versionText}, ${path}`);
      },
    },
    { name: 'mke2fs', title: 'mke2fs', run: async () => ok(await findMke2fs()) },
    { name: 'native', title: 'Native programs', run: checkNative },
    {
      name: 'loopback',
      title: 'Host loopback',
      needs: ['disk', 'qemu', 'native'],
      run: async () => checkLoopback(await host.vmm()),
    },
    {
      name: 'kernel',
      title: 'Guest kernel',
      needs: ['disk', 'native'],
      run: async () => checkKernel(host, kernel),
    },
    {
      name: 'accelerator',
      title: 'KVM',
      needs: ['disk', 'qemu', 'native', 'kernel'],
      run: () => checkAccelerator(host),
    },
  ];
}

/** Runs one of them: programs that were built for another machine are there as well. */
async function checkNative(): Promise<Finding> {
  for (const name of ['boxlite-shim', 'boxlite-ram.so', 'boxlite-archive'] as const)
    nativeProgram(name);
  const host = nativeProgram('boxlite-host');
  const guest = nativeProgram('boxlite-guest');
  try {
    await promisify(execFile)(host, ['tsc-khz'], { timeout: NATIVE_TIMEOUT_MS });
    return ok(dirname(guest));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return fault(`${host} does not run: ${reason}`, 'install BoxLite again on this machine');
  }
}

async function checkLoopback(program: VmmProgram): Promise<Finding> {
  if (await vmm.shutsLoopback(program)) return ok('shut to boxes');
  return warning(
    'open to boxes, at 10.0.2.2: the network is built into this QEMU',
    'take the QEMU of a distribution, or give boxes no network (--network none)',
  );
}

/** @param named `BOXLITE_KERNEL` or the configuration's, which the next set-up would take */
async function checkKernel(host: EngineContext['host'], named: string | undefined) {
  const missing = named !== undefined && !existsSync(named);
  const cure = `correct BOXLITE_KERNEL, or the key kernel of the configuration: there is no ${String(named)}`;
  try {
    const { kernelVersion, kernel } = await host.assets();
    const detail = `Linux ${kernelVersion}, ${kernel}`;
    return missing ? warning(`${detail}; but ${named} is missing`, cure) : ok(detail);
  } catch (error) {
    if (missing) return fault(`${named} does not exist`, cure);
    throw error;
  }
}

/** By running a machine: what was found before may be true no more. */
async function checkAccelerator(host: EngineContext['host']): Promise<Finding> {
  const { name, reason, cure } = await host.accelerator({ anew: true });
  if (name === 'kvm') return ok(`used: ${reason}`);
  const detail = `not used: ${reason}`;
  return cure === undefined ? ok(detail) : warning(detail, cure);
}
