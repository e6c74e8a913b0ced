/** The programs that boxes need. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoxliteError } from '../../../errors.js';
import { installHint } from '../../../host/distribution.js';
import { nativeProgram } from '../../../host/native-programs.js';
import { runProgram } from '../../../host/run-program.js';
import type { EngineContext } from '../../state/context.js';
import { findMke2fs } from '../setup.js';
import { type Check, fault, type Finding, ok, warning } from './check.js';

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
    { name: 'network', title: 'Network', needs: ['native'], run: checkNetwork },
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

/** Runs one of them: programs built for another machine would exist, too. */
async function checkNative(): Promise<Finding> {
  const others = [
    'boxlite-shim',
    'boxlite-net',
    'boxlite-hub',
    'boxlite-ram.so',
    'boxlite-archive',
  ] as const;
  for (const name of others) nativeProgram(name);
  const host = nativeProgram('boxlite-host');
  const guest = nativeProgram('boxlite-guest');
  const reason = await whyNotRunning(host);
  if (reason === undefined) return ok(dirname(guest));
  return fault(`${host} does not run: ${reason}`, 'install BoxLite again on this machine');
}

/** The one program that needs a library of the distribution. */
async function checkNetwork(): Promise<Finding> {
  const net = nativeProgram('boxlite-net');
  const { status, stdout, stderr } = await runProgram(net, ['--version'], {
    timeoutMs: NATIVE_TIMEOUT_MS,
  });
  if (status === 0) return ok(stdout.toString().trim());
  return fault(`${net} does not run: ${stderr.trim()}`, installHint('libslirp'));
}

async function whyNotRunning(host: string): Promise<string | undefined> {
  const words = ['tsc-khz'];
  try {
    const { status } = await runProgram(host, words, { timeoutMs: NATIVE_TIMEOUT_MS });
    return status === 0 ? undefined : `Command failed: ${[host, ...words].join(' ')}`;
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    return error.cause instanceof Error ? error.cause.message : error.message;
  }
}

/** @param named path from `BOXLITE_KERNEL` or the configuration, which the next set-up would use */
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

/** Runs a machine: an earlier result may be outdated. */
async function checkAccelerator(host: EngineContext['host']): Promise<Finding> {
  const { name, reason, cure, remedy } = await host.accelerator({ recheck: true });
  if (name === 'kvm') return ok(`used: ${reason}`);
  const detail = `not used: ${reason}`;
  return cure === undefined ? ok(detail) : warning(detail, cure, remedy);
}
