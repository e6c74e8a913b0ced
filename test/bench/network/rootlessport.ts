import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { GUEST_PORT } from './backends.js';
import type { Machines } from './machines.js';

const PLACES = ['/usr/lib/podman/rootlessport', '/usr/libexec/podman/rootlessport'];
const READY_MS = 10_000;

/** Where it publishes. */
export const ROOTLESSPORT = 7200;

/**
 * podman's own publishing for containers of ordinary users, to a server in a namespace: a process, not a machine.
 * @returns how to end it. @throws Error when it is not there or does not start
 */
export async function startRootlessport(
  directory: string,
  endpoint: string,
  machines: Machines,
): Promise<() => void> {
  const program = await firstOf(PLACES);
  const server = machines.serve(
    ...['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'],
    ...[endpoint, 'serve', String(GUEST_PORT)],
  );
  const config = {
    mappings: [
      {
        host_ip: '127.0.0.1',
        host_port: ROOTLESSPORT,
        container_port: GUEST_PORT,
        protocol: 'tcp',
        range: 1,
      },
    ],
    netNSPath: `/proc/${server}/ns/net`,
    exitFD: 3,
    readyFD: 4,
    tmpDir: directory,
    childIP: '127.0.0.1',
    containerID: 'bench',
    rootlessCNI: false,
  };
  const child = spawn(program, [], { stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
  child.stdin?.end(JSON.stringify(config));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('rootlessport is not ready')), READY_MS);
    child.stdio[4]?.once('data', () => resolve());
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`rootlessport ended: ${complaint.trim()}`)));
    child.once('exit', () => clearTimeout(timer));
    child.stdio[4]?.once('data', () => clearTimeout(timer));
  });
  return () => child.kill('SIGKILL');
}

async function firstOf(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new Error('podman’s rootlessport is not installed');
}
