import { open } from 'node:fs/promises';
import { nativeProgram } from '../../host/native-programs.js';
import { runProgram } from '../../host/run-program.js';
import type { VmmProgram } from '../driver.js';

/**
 * Whether the interposer sees what this QEMU connects to for its guests, and so keeps the host's loopback shut to
 * them: its libslirp is a library then, and not built in.
 */
export async function shutsLoopback({ path }: VmmProgram): Promise<boolean> {
  await using interposer = await open(nativeProgram('boxlite-ram.so'));
  const { stdout } = await runProgram(path, ['--version'], {
    // By descriptor: the list is split at spaces and colons.
    env: { LD_PRELOAD: '/proc/self/fd/3', BOXLITE_TELL_NETWORK: '1' },
    descriptor: interposer.fd,
    tool: 'qemu',
  });
  // A wrapper around QEMU says first that it has none.
  return stdout.includes('boxlite: libslirp is shared');
}
