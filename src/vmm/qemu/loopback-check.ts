import { open } from 'node:fs/promises';
import { nativeProgram } from '../../host/native-programs.js';
import { runProgram } from '../../host/run-program.js';
import type { VmmProgram } from '../driver.js';

/**
 * Whether the interposer sees this QEMU's connections for its guests and can block the host's loopback: only
 * if libslirp is a shared library, not built in.
 */
export async function shutsLoopback({ path }: VmmProgram): Promise<boolean> {
  await using interposer = await open(nativeProgram('boxlite-ram.so'));
  const { stdout } = await runProgram(path, ['--version'], {
    // By descriptor, because LD_PRELOAD is split at spaces and colons.
    env: { LD_PRELOAD: '/proc/self/fd/3', BOXLITE_TELL_NETWORK: '1' },
    descriptor: interposer.fd,
    tool: 'qemu',
  });
  // A wrapper around QEMU may report first that it has none.
  return stdout.includes('boxlite: libslirp is shared');
}
