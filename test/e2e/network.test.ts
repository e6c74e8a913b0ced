import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BOXLITE, run } from '../helpers/cli.js';
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

/** The address at which other machines on its network reach the host. */
const outward = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const HOST = '10.0.2.2';
const HOST6 = 'fd62:6f78:6c74::2';
const RESOLVER = '10.0.2.3';

describe('a box with a network', () => {
  const refused = expect.stringMatching(/^\S+: (nc: .*refused)?$/) as string;

  it('reaches the host as others on its network do, and nothing of its loopback', async () => {
    seen = 0;
    const closed = [HOST, '127.0.0.1', '10.0.2.4', '169.254.169.254', '0.0.0.0'];
    const closed6 = [HOST6, '::1', '::ffff:127.0.0.1', 'fe80::2%eth0', '64:ff9b::7f00:1'];
    const open = outward === undefined ? [] : [outward];
    const script = [...closed, ...closed6, ...open].map(ask).join('; ');
    const output = await home.ok(['run', '--rm', 'busybox', 'sh', '-c', script]);
    const answers = open.map((address) => `${address}: from the host`);
    const lines = output.split('\n').filter((line) => line !== '');
    expect(lines.filter((line) => line.endsWith('from the host'))).toEqual(answers);
    expect(seen).toBe(answers.length);
    expect(lines[0]).toEqual(refused);
  });

  it('has addresses of both families, and a MAC of its own, from its template or without', async () => {
    const look = 'cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu; ip -o address show eth0';
    const seenBy = async (...flags: string[]): Promise<string> =>
      home.ok(['run', '--rm', ...flags, 'busybox', 'sh', '-c', look]);
    const [one, other] = [await seenBy(), await seenBy()];
    for (const output of [one, other]) {
      expect(output).toMatch(/^02:42(:[0-9a-f]{2}){4}\n65520\n/);
      expect(output).toMatch(/inet 10\.0\.2\.15\/24 .*\n.*inet6 fd62:6f78:6c74::15\/64 /);
      expect(output).not.toContain('tentative');
    }
    expect(one.slice(0, 17)).not.toBe(other.slice(0, 17));
    const given = await seenBy('--mac-address', '02:00:00:00:00:07');
    expect(given).toMatch(/^02:00:00:00:00:07\n/);
    expect(given).toContain('inet6 fe80::15/64 ');
    await home.ok(['create', '--name', 'cold', 'busybox', 'sh', '-c', look]);
    expect(await home.ok(['start', '-a', '--cold', 'cold'])).toContain('fd62:6f78:6c74::15/64');
    await home.ok(['rm', 'cold']);
  });

  it('goes on without it when boxlite-net is gone, ps says so, and a restart mends it', async () => {
    await home.ok(['run', '-d', '--name', 'alone', '-p', '80', 'busybox', 'sleep', '1000']);
    const vmm = await home.ok(['inspect', '-f', '{{.State.Pid}}', 'alone']);
    const status = await readFile(`/proc/${vmm.trim()}/status`, 'latin1');
    const shim = /^PPid:\t(\d+)/m.exec(status)?.[1] ?? '';
    const children = await readFile(`/proc/${shim}/task/${shim}/children`, 'latin1');
    const pids = children.trim().split(' ');
    const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'latin1')));
    process.kill(Number(pids[names.indexOf('boxlite-net\n')]), 'SIGKILL');
    const ping = ['exec', 'alone', 'ping', '-c1', '-W1', HOST];
    const { status: lost, stderr } = await home.boxlite(ping);
    expect({ lost, stderr }).toEqual({ lost: 1, stderr: 'ping: sendto: Network is unreachable\n' });
    expect(await home.ok(['exec', 'alone', 'echo', 'still here'])).toBe('still here');
    const seen = async (): Promise<string> =>
      home.ok(['ps', '--filter', 'name=alone', '--format', '{{.Status}}|{{.Ports}}']);
    expect(await seen()).toMatch(/^Up .* \(network lost\)\|$/);
    const why = ['inspect', '-f', '{{.Boxlite.NetworkError}}', 'alone'];
    expect(await home.ok(why)).toBe('boxlite-net was killed by signal 9');
    await home.ok(['restart', '-t', '0', 'alone']);
    expect(await seen()).toMatch(/^Up [^()]*\|127\.0\.0\.1:\d+->80\/tcp$/);
    expect((await home.boxlite(ping)).status).toBe(0);
    await home.ok(['rm', '-f', 'alone']);
  });

  /** Only root can replace the host's /etc/resolv.conf for one process and its children. */
  it.runIf(process.getuid?.() === 0)(
    'asks a resolver that listens on the loopback, for names as the host',
    async () => {
      const resolver = createSocket('udp4', (query, { port: to, address }) =>
        resolver.send(answerTo(query), to, address),
      );
      resolver.bind(53, '127.0.0.53');
      await once(resolver, 'listening');
      const conf = join(home.path, 'resolv.conf');
      await writeFile(conf, 'nameserver 127.0.0.53\nsearch lan.test b.test\noptions ndots:2\n');
      const ours = `mount --bind ${conf} /etc/resolv.conf && exec "$@"`;
      const look = `cat /etc/resolv.conf; nslookup -type=a a.test ${RESOLVER}; ${ask(HOST)}`;
      const command = ['run', '--rm', 'busybox', 'sh', '-c', look];
      const { stdout } = await run('unshare', ['-m', 'sh', '-c', ours, 'sh', BOXLITE, ...command], {
        env: { HOME: home.path, BOXLITE_HOME: home.path },
      });
      resolver.close();
      expect(stdout.toString()).toMatch(
        /^nameserver 10\.0\.2\.3\nsearch lan\.test b\.test\noptions ndots:2\n/,
      );
      expect(stdout.toString()).toContain('192.0.2.77');
      expect(stdout.toString()).not.toContain('from the host');
    },
  );
});

/** Turns the query into its answer, with one address: 192.0.2.77. */
function answerTo(query: Buffer): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 6);
  const answer = Buffer.from('c00c000100010000003c0004c000024d', 'hex');
  return Buffer.concat([header, query.subarray(12), answer]);
}

describe('the caps of a box', () => {
  const SECONDS = 4;
  const CAP = 1_000_000;
  /** Of a host that is busy, and of a connection that has to begin. */
  const about = (rate: number): [least: number, most: number] => [0.5 * rate, 1.2 * rate];

  async function listening(act: (socket: Socket) => void): Promise<number> {
    const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      act(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  }

  const give = (socket: Socket): void => {
    const zeros = Buffer.alloc(1 << 16);
    const more = (): void => {
      while (!socket.destroyed && socket.write(zeros));
    };
    socket.on('drain', more);
    more();
  };

  it('hold in both directions, at once when they change, and over a restart', async () => {
    let taken = 0;
    const source = await listening(give);
    const sink = await listening((socket) => socket.on('data', ({ length }) => (taken += length)));
    const hosts = [source, sink].map((each) => `--allow-host=${each}`);
    const caps = ['--net-tx', '8mbit', '--net-rx', '8mbit'];
    const command = ['busybox', 'sleep', '1000'];
    await home.ok(['run', '-d', '--name', 'capped', ...caps, ...hosts, ...command]);
    const inBox = (script: string) => home.boxlite(['exec', 'capped', 'sh', '-c', script]);
    const received = async (): Promise<number> => {
      const nc = `timeout ${SECONDS} nc ${HOST} ${source} </dev/null`;
      const { stdout } = await inBox(`${nc} 2>/dev/null | wc -c`);
      return Number(stdout.toString()) / SECONDS;
    };
    const sent = async (): Promise<number> => {
      taken = 0;
      const sending = inBox(`timeout ${SECONDS + 3} nc ${HOST} ${sink} </dev/zero`);
      while (taken === 0) await sleep(10);
      const [before, at] = [taken, performance.now()];
      await sleep(SECONDS * 1000);
      const rate = ((taken - before) / (performance.now() - at)) * 1000;
      await sending;
      return rate;
    };
    const expectRate = (rate: number, [least, most]: [number, number]): void => {
      expect(rate).toBeGreaterThan(least);
      expect(rate).toBeLessThan(most);
    };
    expectRate(await received(), about(CAP));
    await home.ok(['update', '--net-rx', '0', 'capped']);
    expectRate(await received(), [2 * CAP, Infinity]);
    expectRate(await sent(), about(CAP));
    await home.ok(['update', '--net-tx', '2mbit', 'capped']);
    await home.ok(['restart', '-t', '0', 'capped']);
    expectRate(await sent(), about(CAP / 4));
    const rates = await home.ok(['inspect', '-f', '{{json .Boxlite.NetworkRates}}', 'capped']);
    expect(JSON.parse(rates)).toEqual({ TxBytesPerSecond: CAP / 4, RxBytesPerSecond: 0 });
    await home.ok(['rm', '-f', 'capped']);
    const refused = ['create', '--network=none', '--net-tx', '8mbit', 'busybox'];
    expect((await home.boxlite(refused)).stderr).toContain('sends nothing to cap');
  });
});

describe('a box without a network', () => {
  /** What root of a privileged box can try to get one: bind the driver that the agent has unbound. */
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
    await home.ok([
      'run',
      '-d',
      '--privileged',
      '--network=none',
      '--name',
      'grabs',
      'busybox',
      'sleep',
      '1000',
    ]);
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
});

describe.runIf(process.getuid?.() === 0)('the VMM of a box', () => {
  it.each([
    ['with a network', [], 'socket,id=net0'],
    ['of maximum security', ['--security', 'maximum'], 'hubport'],
  ])('%s has none of the host’s network, which the host can see', async (_what, flags, backend) => {
    await home.ok(['run', '-d', ...flags, '--name', 'isolated', 'busybox', 'sleep', '1000']);
    const pid = await home.ok(['inspect', '-f', '{{.State.Pid}}', 'isolated']);
    expect(await readFile(`/proc/${pid}/cmdline`, 'latin1')).toContain(backend);
    expect(await readFile(`/proc/${pid}/net/dev`, 'latin1')).toMatch(
      /^Inter.*\n.*\n +lo: [0 ]+\n$/,
    );
    const isolation = await home.ok(['inspect', '-f', '{{json .Boxlite.Isolation}}', 'isolated']);
    const { refused, walls, ...others } = JSON.parse(isolation) as {
      walls: string[];
      refused: Record<string, string>;
    };
    expect(others).toMatchObject({
      noCapabilities: true,
      namespaces: ['ipc', 'mnt', 'net', 'pid', 'uts'],
    });
    // Whether there are control groups is the host's affair.
    const expected = ['namespaces', 'root', 'landlock', 'calls', 'shim-calls', 'shim-landlock'];
    expect(walls.filter((wall) => wall !== 'cgroup')).toEqual(expected);
    expect([...walls, ...Object.keys(refused)]).toContain('cgroup');
    await home.ok(['rm', '-f', 'isolated']);
  });
});
