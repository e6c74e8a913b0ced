import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { VmmProgram } from '../driver.js';
import { nativeProgram } from '../../host/native-programs.js';

/**
 * Whether the interposer sees what this QEMU connects to for its guests, and so keeps the host's loopback shut to
 * them: its libslirp is a library then, and not built in.
 */
export async function shutsLoopback({ path }: VmmProgram): Promise<boolean> {
  await using interposer = await open(nativeProgram('boxlite-ram.so'));
  const child = spawn(path, ['--version'], {
    // By descriptor: the list is split at spaces and colons.
    env: { LD_PRELOAD: '/proc/self/fd/3', BOXLITE_TELL_NETWORK: '1' },
    stdio: ['ignore', 'pipe', 'ignore', interposer.fd],
  });
  const [said] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    once(child, 'exit'),
  ]);
  // A wrapper around QEMU says first that it has none.
  return said.includes('boxlite: libslirp is shared');
}
