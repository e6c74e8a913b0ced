import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { Namespaces, type Peer } from '../helpers/namespaces.js';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');
const MIB = 64;
/** The first box, as the second knows it. */
const FIRST = ['172.18.0.2', 'fd00:18::2'] as const;

let home: string;
let namespaces: Namespaces;
let first: Peer, second: Peer;

/** Two boxes in one named network, each a stack of Linux's. Fails where /dev/net/tun or root's rights are missing. */
beforeAll(async () => {
  await access('/dev/net/tun');
  home = await mkdtemp(join(tmpdir(), 'boxlite-hub-'));
  const program = join(home, 'net-peer.mjs');
  const programs = ['boxlite-net', 'boxlite-hub', 'test/net/fake-box'];
  await Promise.all([
    run('make', ['-s', '-C', native, ...programs.map((name) => `build/${name}`)]),
    bundleHelper('net-peer', program),
  ]);
  namespaces = new Namespaces();
  for (const name of ['host', 'box2', 'box3']) await namespaces.add(name);
  await startBox(2);
  await startBox(3);
  first = namespaces.peer('box2', program);
  second = namespaces.peer('box3', program);
}, 120_000);

afterAll(async () => {
  await namespaces.close();
  await rm(home, { recursive: true, force: true });
});

async function startBox(number: number): Promise<void> {
  const name = `box${number}`;
  const fake = namespaces.spawn(
    'host',
    join(native, 'build/test/net/fake-box'),
    join(native, 'build/boxlite-net'),
    namespaces.path(name),
    '4294967295',
    '53',
    `link,${join(native, 'build/boxlite-hub')},${join(home, 'hub.sock')},${number}`,
  );
  if (!fake.stdout) throw new Error('no output');
  await once(fake.stdout, 'data');
  await namespaces.run(name, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra');
  await namespaces.ip(name, 'link set eth0 address 02:42:00:00:00:01 mtu 65520 up');
  await namespaces.ip(name, 'addr add 10.0.2.15/24 dev eth0');
  await namespaces.ip(name, 'addr add fd62:6f78:6c74::15/64 dev eth0 nodad');
  await namespaces.ip(name, `addr add 172.18.0.${number}/16 dev eth0`);
  await namespaces.ip(name, `addr add fd00:18::${number}/64 dev eth0 nodad`);
  await namespaces.ip(name, 'route add default via 10.0.2.2');
  await namespaces.ip(name, '-6 route add default via fd62:6f78:6c74::2');
}

describe('boxes in one named network', () => {
  it.each(FIRST)('reach each other at %s', async (at) => {
    expect(await namespaces.run('box3', 'ping', '-c1', '-W5', at)).toContain(' 0% packet loss');
    expect(await namespaces.run('box3', 'ping', '-c1', '-W5', '-s60000', at)).toContain(
      '60008 bytes',
    );
  });

  it.each(FIRST)('carry every byte both ways at %s', async (at) => {
    const port = await first.ask('listen', at, 0, 'take');
    const begun = performance.now();
    expect(await second.ask('exchange', at, port, MIB)).toEqual(await first.ask('received'));
    const seconds = (performance.now() - begun) / 1000;
    console.log(`${((MIB / seconds) * 1.048576).toFixed(0)} MB/s from box to box at ${at}`);
  });

  it.each(FIRST)('hold many connections at once at %s', async (at) => {
    const port = await first.ask('listen', at, 0, 'echo');
    expect(await second.ask('burst', at, port, 200)).toBe(200);
  });

  it.each(FIRST)('are told at once where nothing listens at %s', async (at) => {
    expect(await second.ask('reach', at, 9)).toBe('ECONNREFUSED');
  });
});
