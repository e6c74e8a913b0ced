import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Set in the process that runs in the namespaces. */
const MARK = 'BOXLITE_BENCH_WORLD';

/** An address of the host that is not its loopback: boxes do not reach that. */
export const HOST_ADDRESS = '192.0.2.1';

/** A DNS server of the bench's own is at 127.0.0.1, and all network backends ask it. */
const SET_UP = `
set -e
ip link set lo up
ip tuntap add dev wan mode tap
ip addr add ${HOST_ADDRESS}/24 dev wan
ip link set wan up
ip route add default via 192.0.2.254 dev wan
mount -t tmpfs tmpfs /mnt
echo nameserver 127.0.0.1 > /mnt/resolv.conf
mount --bind /mnt/resolv.conf /etc/resolv.conf
exec "$@"
`;

export const isInWorld = (): boolean => process.env[MARK] === '1';

/**
 * Runs this program again where only the bench is on the network: in namespaces of its own, which end with it.
 * @returns its exit status
 */
export async function enterWorld(signal: AbortSignal): Promise<number> {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const shell = ['sh', '-c', SET_UP, 'sh', process.execPath, ...process.argv.slice(1)];
  const child = spawn('unshare', [...asUser, '--net', '--mount', ...shell], {
    env: { ...process.env, [MARK]: '1' },
    stdio: 'inherit',
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? 1;
}
