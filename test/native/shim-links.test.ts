import { chmod, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { policyConfig } from '../../src/engine/machine/box-policy.js';
import { addressBytes } from '../../src/host/ip-address.js';
import { nativeProgram } from '../../src/host/native-programs.js';
import { lookUntil } from '../helpers/look-until.js';
import { BUILD_TIMEOUT_MS, buildShim, FAKE_NET, ShimHarness } from './shim/shim-harness.js';

const isRoot = process.getuid?.() === 0;

vi.setConfig({ testTimeout: 30_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

/** The configuration of a box in networks whose hubs are in the harness's directory, or another's. */
async function network(
  harness: ShimHarness,
  links: readonly object[],
  { hubs = harness, hubProgram = nativeProgram('boxlite-hub') } = {},
): Promise<Record<string, unknown>> {
  const program = join(harness.root, 'net');
  const words = [FAKE_NET, logOf(harness), 'answer'].map((word) => `'${word}'`);
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')}\n`, { mode: 0o755 });
  return {
    ...{ netProgram: program, netFd: 22, macAddress: Buffer.from('0242ac110002', 'hex') },
    ...{ address: 0x0a00_020f, prefix: 0x0a00_0200, prefixLength: 24 },
    ...{ gateway: 0x0a00_0202, resolver: 0x0a00_0203, mtu: 65_520, ports: [] },
    ...{ address6: addressBytes('fd00::15'), prefix6: addressBytes('fd00::') },
    ...{ gateway6: addressBytes('fd00::2'), resolver6: addressBytes('fd00::3') },
    ...{ ...policyConfig({}), netTx: 0n, netRx: 0n },
    ...{ networkDirectory: directoryOf(hubs), hubProgram, links },
  };
}

const link = (host: number, id = 'a1b2') => ({
  ...{ network: id, prefix: 0xac12_0000, prefixLength: 16, address: 0xac12_0000 + host },
  ...{ prefix6: addressBytes('fd00:18::'), address6: addressBytes(`fd00:18::${host}`) },
  names: `box${host} 0123456789ab`,
});

const directoryOf = (harness: ShimHarness): string => join(harness.root, 'networks');
const logOf = (harness: ShimHarness): string => join(harness.root, 'net.log');

/** A hub that is not the program itself. */
async function hubScript(harness: ShimHarness, script: string): Promise<string> {
  const program = join(harness.root, 'hub');
  await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return program;
}

/** What boxlite-net was told of links. */
const linksOf = async (harness: ShimHarness): Promise<string[]> =>
  (await readFile(logOf(harness), 'utf8')).split('\n').filter((line) => line.includes('link'));

async function pidOfNet(harness: ShimHarness): Promise<number> {
  return Number(/^pid (\d+)/.exec(await readFile(logOf(harness), 'utf8'))?.[1]);
}

/** The hubs of the harness's networks: their stderr is in the networks' directories. */
async function hubsOf(harness: ShimHarness): Promise<number[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const outputs = await Promise.all(
    processes.map((pid) => readlink(`/proc/${pid}/fd/2`).catch(() => '')),
  );
  return processes
    .filter((_, i) => outputs[i]?.startsWith(directoryOf(harness)) === true)
    .map(Number);
}

const LINK_1 = 'link 1 ac120000/16 ac120002 fd00:18:: fd00:18::2 type=5 listens=0 family=1 port=0';

describe('a box in a named network', () => {
  test('starts its hub, joins it, and passes the connection on', async () => {
    await using harness = await ShimHarness.make();
    const { shim } = await harness.start(await network(harness, [link(2), link(2, 'ffff')]));
    expect(await linksOf(harness)).toEqual([LINK_1, LINK_1.replace('1', '2')]);
    expect(await hubsOf(harness)).toHaveLength(2);
    expect((await readdir(join(directoryOf(harness), 'a1b2'))).sort()).toEqual([
      'hub.log',
      'hub.sock',
      'lock',
    ]);
    shim.child.kill('SIGKILL');
    await lookUntil(
      () => hubsOf(harness),
      (hubs) => hubs.length === 0,
    );
  });

  test('finds the hub that is there, which lives on without who has started it', async () => {
    await using harness = await ShimHarness.make();
    await using other = await ShimHarness.make();
    const { shim } = await harness.start(await network(harness, [link(2)]));
    const hubs = await hubsOf(harness);
    await other.start(await network(other, [link(3)], { hubs: harness }));
    shim.child.kill('SIGKILL');
    await shim.exited;
    expect(await hubsOf(harness)).toEqual(hubs);
    expect(hubs).toHaveLength(1);
  });

  test('has one hub, however many boxes start at once', async () => {
    await using harness = await ShimHarness.make();
    const others = await Promise.all([1, 2, 3, 4].map(() => ShimHarness.make()));
    onTestFinished(async () => {
      for (const other of others) await other[Symbol.asyncDispose]();
    });
    const starts = others.map(async (other, i) =>
      other.start(await network(other, [link(i + 2)], { hubs: harness })),
    );
    await Promise.all(starts);
    expect(await hubsOf(harness)).toHaveLength(1);
  });

  test('does not start with the address of another', async () => {
    await using harness = await ShimHarness.make();
    await using other = await ShimHarness.make();
    await harness.start(await network(harness, [link(2)]));
    const shim = other.spawn(other.config(await network(other, [link(2)], { hubs: harness })));
    expect(await shim.statusLine).toBe(
      'failed network 98 join network a1b2: another box of the network has the address',
    );
  });

  test('does not start without its hub, and names what is missing', async () => {
    await using harness = await ShimHarness.make();
    const hubProgram = '/nowhere/boxlite-hub';
    const shim = harness.spawn(harness.config(await network(harness, [link(2)], { hubProgram })));
    expect(await shim.statusLine).toBe(
      "failed network 32 boxlite-hub has ended: can't run /nowhere/boxlite-hub: No such file or directory",
    );
  });

  test.runIf(isRoot)(
    'does not start with a hub that can’t enter its jail, and says why',
    async () => {
      await using harness = await ShimHarness.make();
      const hubProgram = await hubScript(
        harness,
        `exec setpriv --bounding-set=-setuid,-setgid "${nativeProgram('boxlite-hub')}" 12345`,
      );
      const shim = harness.spawn(harness.config(await network(harness, [link(2)], { hubProgram })));
      expect(await shim.statusLine).toBe(
        "failed network 32 boxlite-hub has ended: boxlite-hub: can't run as user 12345 (only root can): Operation not permitted",
      );
    },
  );

  test('joins again when its hub is gone, and starts another', async () => {
    await using harness = await ShimHarness.make();
    await harness.start(await network(harness, [link(2)]));
    const [first] = await hubsOf(harness);
    if (first === undefined) throw new Error('there is no hub');
    process.kill(first, 'SIGKILL');
    process.kill(await pidOfNet(harness), 'SIGUSR2');
    await lookUntil(
      () => linksOf(harness),
      (lines) => lines.length === 2,
    );
    expect(await linksOf(harness)).toEqual([LINK_1, LINK_1]);
    const hubs = await hubsOf(harness);
    expect(hubs).toHaveLength(1);
    expect(hubs).not.toContain(first);
  });

  test('starts another hub for one that hangs, which ends when it goes on', async () => {
    await using harness = await ShimHarness.make();
    await using other = await ShimHarness.make();
    await harness.start(await network(harness, [link(2)]));
    const [first = 0] = await hubsOf(harness);
    process.kill(first, 'SIGSTOP');
    await other.start(await network(other, [link(3)], { hubs: harness }));
    expect(await hubsOf(harness)).toHaveLength(2);
    process.kill(first, 'SIGCONT');
    const [second] = await lookUntil(
      () => hubsOf(harness),
      (hubs) => hubs.length === 1,
    );
    expect(second).not.toBe(first);
  });
});

describe('a client of a box that runs', () => {
  test('connects it to a network and disconnects it', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness, []));
    expect(await hubsOf(harness)).toEqual([]);
    client.send('netConnect', 7, link(2));
    await client.expect('netDone', 7);
    expect(await hubsOf(harness)).toHaveLength(1);
    client.send('netConnect', 8, link(3));
    const again = await client.expect('refused', 8);
    expect(again.message.toString()).toBe('the box is in network a1b2 already');
    client.send('netDisconnect', 9, { network: 'a1b2' });
    await client.expect('netDone', 9);
    client.send('netDisconnect', 10, { network: 'a1b2' });
    const twice = await client.expect('refused', 10);
    expect(twice.message.toString()).toBe('the box is not in network a1b2');
    expect(await linksOf(harness)).toEqual([LINK_1, 'unlink 1']);
  });

  test('is refused what can’t be a link, and one whose address is taken', async () => {
    await using harness = await ShimHarness.make();
    await using other = await ShimHarness.make();
    await other.start(await network(other, [link(2)], { hubs: harness }));
    const { client } = await harness.running(await network(harness, []));
    client.send('netConnect', 7, { ...link(2), network: '../up' });
    const path = await client.expect('refused', 7);
    expect(path.message.toString()).toBe('configuration: a link to no network');
    client.send('netConnect', 8, link(2));
    const taken = await client.expect('refused', 8);
    expect(taken.message.toString()).toBe(
      'join network a1b2: another box of the network has the address',
    );
    expect(await linksOf(harness)).toEqual([]);
  });

  test.runIf(isRoot)('is refused when a hub is late, whose user stays reserved', async () => {
    await using harness = await ShimHarness.make();
    await chmod(harness.root, 0o755);
    await chmod(join(harness.root, 'vmm.sock'), 0o777);
    const hubProgram = await hubScript(harness, 'exec sleep 60');
    onTestFinished(async () => {
      for (const pid of await hubsOf(harness)) process.kill(pid, 'SIGKILL');
    });
    // One user for the VMM, one for boxlite-net, one for a hub.
    const ids = { idDirectory: join(harness.root, 'ids'), firstId: 1_900_000_000, idRanges: 3 };
    const { client } = await harness.running({
      ...(await network(harness, [], { hubProgram })),
      ...ids,
    });
    client.send('netConnect', 7, link(2));
    const late = await client.expect('refused', 7);
    expect(late.message.toString()).toBe('the hub of network a1b2 does not answer');
    client.send('netConnect', 8, link(2, 'ffff'));
    const another = await client.expect('refused', 8);
    expect(another.message.toString()).toMatch(/^all 3 users .* are taken$/);
  });

  test('is refused for a box that was started without named networks', async () => {
    await using harness = await ShimHarness.make();
    const plain = { ...(await network(harness, [])), networkDirectory: '', hubProgram: '' };
    const { client } = await harness.running(plain);
    client.send('netConnect', 7, link(2));
    const refused = await client.expect('refused', 7);
    expect(refused.message.toString()).toMatch(/^the box has been started without named networks/);
  });
});
