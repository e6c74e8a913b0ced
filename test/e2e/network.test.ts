import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** Answers on every address of the host. */
const server = createServer((socket) => {
  seen += 1;
  socket.on('error', () => undefined);
  socket.end('from the host\n');
});
let seen = 0;

beforeAll(async () => {
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
});
afterAll(() => server.close());

const port = (): number => (server.address() as AddressInfo).port;
const ask = (address: string): string =>
  `echo "${address}: $(nc -w 1 ${address} ${port()} </dev/null 2>&1)"`;

/** Where others on its network reach the host. */
const outward = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const HOST = '10.0.2.2';
const RESOLVER = '10.0.2.3';

describe('a box without a network', () => {
  /** What root of a privileged box does to get one: bind the driver that the agent has unbound. */
  const grab = `
    for device in /sys/bus/virtio/devices/*; do
      [ $(cat $device/device) = 0x0001 ] || continue
      echo \${device##*/} > /sys/bus/virtio/drivers/virtio_net/bind
    done 2>/dev/null
    ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via ${HOST}
    ls /sys/class/net`;
  const reach = [HOST, RESOLVER, ...(outward === undefined ? [] : [outward])];
  const script = (): string => `(${grab}) 2>/dev/null; ${reach.map(ask).join('; ')}`;
  const nothing = expect.not.stringContaining('from the host') as string;

  it('reaches nothing by a driver bound by hand, however its machine came to run', async () => {
    const attempt = async (how: string): Promise<void> => {
      const { stdout } = await home.boxlite(['exec', 'grabs', 'sh', '-c', script()]);
      expect(stdout.toString(), how).toMatch(/^eth0\nlo\n/);
      expect(stdout.toString(), how).toEqual(nothing);
    };
    seen = 0;
    await home.ok(['run', '-d', '--privileged', '--network=none', '--name', 'grabs', 'busybox', 'sleep', '1000']);
    await attempt('from a template');
    await home.ok(['pause', 'grabs']);
    await home.ok(['unpause', 'grabs']);
    await attempt('after a pause');
    await home.ok(['stop', '-t', '0', 'grabs']);
    await home.ok(['start', '--cold', 'grabs']);
    await attempt('started from cold');
    await home.ok(['rm', '-f', 'grabs']);
    expect(seen).toBe(0);
  });

  it.runIf(process.getuid?.() === 0)('has a VMM without one, which the host can see', async () => {
    const flags = ['--security', 'maximum', '--name', 'walled'];
    await home.ok(['run', '-d', ...flags, 'busybox', 'sleep', '1000']);
    const pid = await home.ok(['inspect', '-f', '{{.State.Pid}}', 'walled']);
    expect(await readFile(`/proc/${pid}/cmdline`, 'latin1')).toContain('restrict=on');
    expect(await readFile(`/proc/${pid}/net/dev`, 'latin1')).toMatch(
      /^Inter.*\n.*\n +lo: [0 ]+\n$/,
    );
    const walls = await home.ok(['inspect', '-f', '{{json .Boxlite.Walls}}', 'walled']);
    expect(JSON.parse(walls)).toMatchObject({ noCapabilities: true, namespaces: ['net'] });
    await home.ok(['rm', '-f', 'walled']);
  });
});
