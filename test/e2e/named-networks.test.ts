import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookUntil } from '../helpers/look-until.js';
import { killAndWait, programOf } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

const A = '172.30.7.10';
const A6 = 'fd00:307::a';

/** Answers on every address of the host. */
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end('from the host\n');
});
/** The address at which other machines on its network reach the host. */
const outward = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** `app` leads out, `back` does not; a is in the one, c in the other, b in both. */
beforeAll(async () => {
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const subnets = ['--subnet', '172.30.7.0/24', '--subnet', 'fd00:307::/64'];
  await home.ok(['network', 'create', ...subnets, 'app']);
  await home.ok(['network', 'create', '--internal', '--subnet', '172.30.8.0/24', 'back']);
  await Promise.all([
    box('a', ['--network', 'app', '--ip', A, '--network-alias', 'www']),
    box('b', ['--network', 'app', '--network', 'back', '--cap-add', 'NET_ADMIN']),
    box('c', ['--network', 'back']),
  ]);
});
afterAll(async () => {
  server.close();
  await home.ok(['rm', '-f', 'a', 'b', 'c']);
});

/** Each serves its name. */
const box = async (name: string, flags: string[]): Promise<void> => {
  const serve = `mkdir -p /www; echo "I am ${name}" > /www/index.html; exec httpd -f -h /www`;
  const options = ['-d', '--name', name, ...flags];
  await home.ok(['run', ...options, 'busybox', 'sh', '-c', serve]);
  await serves(name);
};

const serves = async (name: string): Promise<void> => {
  const answer = (): Promise<string[]> => inBox(name, get('127.0.0.1'));
  await lookUntil(answer, ([text]) => text === `I am ${name}`);
};

/** How many packets have left a box. */
const SENT = '/sys/class/net/eth0/statistics/tx_packets';

/** What each command prints in the box, or the first word of its failure. */
async function inBox(name: string, ...commands: string[]): Promise<string[]> {
  const script = commands.map((each) => `echo "$( (${each}) 2>/dev/null || echo FAILED)"`);
  return (await home.ok(['exec', name, 'sh', '-c', script.join('\n')])).split('\n');
}

const get = (at: string): string => `wget -T 3 -qO- http://${at}/`;
const ping = (at: string, ...flags: string[]): string =>
  `ping ${flags.join(' ')} -c 1 -W 5 ${at} > /dev/null && echo answers`;

const idOf = async (name: string): Promise<string> => home.ok(['inspect', '-f', '{{.Id}}', name]);
const addressOf = async (name: string, network: string): Promise<string> =>
  home.ok(['inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name]);

describe('boxes of a network', () => {
  it('reach each other by name, alias, id and address, of both families', async () => {
    const id = (await idOf('a')).slice(0, 12);
    const names = ['a', 'A', 'a.app', 'www', id, A, `[${A6}]`];
    expect(await inBox('b', ...names.map(get))).toEqual(names.map(() => 'I am a'));
    expect(await inBox('b', ping('a', '-4'), ping('a', '-6'))).toEqual(['answers', 'answers']);
    expect(await inBox('a', get('b'), get('a'))).toEqual(['I am b', 'I am a']);
  });

  it('do not reach those of another, but for a box that is in both', async () => {
    const [b, c] = [await addressOf('b', 'back'), await addressOf('c', 'back')];
    expect(await inBox('b', get('a'), get('c'))).toEqual(['I am a', 'I am c']);
    expect(await inBox('a', get('c'), get(c), get(b))).toEqual(['FAILED', 'FAILED', 'FAILED']);
    expect(await inBox('c', get('a'), get(A), get(b))).toEqual(['FAILED', 'FAILED', 'I am b']);
  });

  it.runIf(outward !== undefined)('leave one that is internal by no way', async () => {
    const { port } = server.address() as AddressInfo;
    const ask = `nc -w 3 ${outward} ${port} < /dev/null | grep from`;
    expect(await inBox('a', ask)).toEqual(['from the host']);
    expect(await inBox('b', ask)).toEqual(['from the host']);
    expect(await inBox('c', ask)).toEqual(['FAILED']);
  });

  it('get no packet that was not sent from its sender’s own address', async () => {
    // Nobody listens: each query that arrives is counted as one for no port.
    const counted = async (): Promise<number> =>
      Number((await inBox('a', `awk '/^Udp: [0-9]/ { print $3 }' /proc/net/snmp`))[0]);
    const query = `timeout 2 nslookup x ${A} > /dev/null; echo sent`;
    const forge = [
      `arp -s ${A} $(awk '$1 == "${A}" { print $4 }' /proc/net/arp)`,
      `ip addr add 172.30.7.99/24 dev eth0 && ip route add ${A} dev eth0 src 172.30.7.99`,
      `sent=$(cat ${SENT}); ${query}; [ $(cat ${SENT}) -gt $sent ]`,
      `ip route del ${A}; ip addr del 172.30.7.99/24 dev eth0`,
    ];
    const before = await counted();
    expect(await inBox('b', ping(A), forge.join(' && '))).toEqual(['answers', 'sent']);
    expect(await counted()).toBe(before);
    expect(await inBox('b', query)).toEqual(['sent']);
    expect(await counted()).toBeGreaterThan(before);
  });

  it('join and leave it while they run', async () => {
    await home.ok(['network', 'connect', '--alias', 'guest', 'back', 'a']);
    expect(await inBox('c', get('guest'), get('a'))).toEqual(['I am a', 'I am a']);
    expect(await inBox('a', get('c'))).toEqual(['I am c']);
    await home.ok(['network', 'disconnect', 'back', 'a']);
    expect(await inBox('c', get('guest'))).toEqual(['FAILED']);
    expect(await inBox('a', get('c'))).toEqual(['FAILED']);
  });

  it('are found by a new name at once, and an address by it', async () => {
    const name = `nslookup ${A} | grep -o 'name = .*'`;
    expect(await inBox('b', name)).toEqual(['name = a.app']);
    await home.ok(['rename', 'a', 'api']);
    expect(await inBox('b', get('api'), get('a'), name)).toEqual([
      ...['I am a', 'FAILED', 'name = api.app'],
    ]);
    await home.ok(['rename', 'api', 'a']);
    expect(await inBox('b', get('a'), get('api'))).toEqual(['I am a', 'FAILED']);
  });

  it('keep it while any of them runs', async () => {
    const { status, stderr } = await home.boxlite(['network', 'rm', 'back']);
    expect(status).toBe(1);
    expect(stderr).toContain('network back has active endpoints (boxes b, c)');
  });

  it('go on when its hub has been killed', async () => {
    const hubs = (await home.processes()).filter((each) => programOf(each) === 'boxlite-hub');
    expect(hubs).toHaveLength(2);
    for (const { pid } of hubs) await killAndWait(pid);
    await delay(500);
    const retrying = (at: string): string =>
      `for i in 1 2 3 4 5; do ${get(at)} && break; sleep 1; done`;
    expect(await inBox('b', retrying('a'), retrying('c'))).toEqual(['I am a', 'I am c']);
  });

  it('have their addresses again after a restart', async () => {
    const before = await addressOf('b', 'app');
    await home.ok(['restart', '-t', '0', 'b']);
    await serves('b');
    expect(await addressOf('b', 'app')).toBe(before);
    expect(await inBox('b', get('a'))).toEqual(['I am a']);
    expect(await inBox('a', get('b'))).toEqual(['I am b']);
  });
});

it('a hub ends with the last box of its network', async () => {
  await home.ok(['stop', '-t', '0', 'b', 'c']);
  const hubs = async () =>
    (await home.processes()).filter((each) => programOf(each) === 'boxlite-hub');
  await expect.poll(hubs, { timeout: 10_000 }).toHaveLength(1);
  await home.ok(['network', 'rm', 'back']);
});
