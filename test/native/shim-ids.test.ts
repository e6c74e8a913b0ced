import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { BUILD_TIMEOUT_MS, buildShim, type RunningShim, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

/** Below the ids that a BoxLite of this host may use now; Node can't start processes with higher ids. */
let first = 2_000_000_000;
const RANGE = 65_536;
const ALL_TAKEN = /^failed jail 87 all 1 users that VMMs may have on this host are taken$/;

/** Returns a new id directory and moves to new ids: VMMs of the test before may not have ended yet. */
async function register(): Promise<string> {
  first += 20 * RANGE;
  const parent = await mkdtemp(join(tmpdir(), 'ids-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  await chmod(parent, 0o755);
  return join(parent, 'boxlite');
}

/** Makes a harness in which a VMM of any user can connect to the test. */
async function home(): Promise<ShimHarness> {
  const harness = await ShimHarness.make();
  await chmod(harness.root, 0o755);
  await chmod(join(harness.root, 'vmm.sock'), 0o777);
  return harness;
}

const give = (
  idDirectory: string,
  idRanges = 1,
  foreignIds: object[] = [],
): Record<string, unknown> => ({
  ...{ idDirectory, firstId: first, idRanges, foreignIds },
});

async function userOf(shim: RunningShim): Promise<number> {
  const status = readFileSync(`/proc/${await shim.vmmPid()}/status`, 'latin1');
  return Number(/^Uid:\t(\d+)/m.exec(status)?.[1]);
}

test('who is not root can give its VMM no user', async () => {
  if (process.getuid?.() === 0) return;
  await using harness = await home();
  const shim = harness.spawn(harness.config(give(await register())));
  expect(await shim.statusLine).toMatch(/^failed jail 1 .*only root can/);
});

describe.runIf(process.getuid?.() === 0)('the users of VMMs', () => {
  test('are different ones in two homes, and taken until the VMM ends', async () => {
    const directory = await register();
    await using one = await home();
    await using other = await home();
    const stays = await one.start(give(directory, 2));
    const ends = await other.start(give(directory, 2));
    const users = [await userOf(stays.shim), await userOf(ends.shim)];
    expect(users.toSorted()).toEqual([first, first + RANGE]);
    await using third = await home();
    const late = third.spawn(third.config(give(directory, 2)));
    expect(await late.statusLine).toMatch(/^failed jail 87 all 2 users/);
    const pid = await ends.shim.vmmPid();
    ends.shim.child.kill('SIGKILL');
    // The user has a process until its parent has reaped it.
    while (existsSync(`/proc/${pid}`)) await nextTurn();
    const { shim } = await third.start(give(directory, 2));
    expect(await userOf(shim)).toBe(users[1]);
  });

  test('differ for any number that start at once', async () => {
    const directory = await register();
    await using harness = await home();
    const boxes = Array.from({ length: 20 }, (_, n) => join(harness.root, String(n)));
    await Promise.all(boxes.map((box) => mkdir(box)));
    const shims = boxes.map((box) =>
      harness.spawn({ ...harness.config(give(directory, 20)), directory: box }),
    );
    expect(new Set(await Promise.all(shims.map(userOf))).size).toBe(20);
  });

  test('are none that a living process has, though nobody has locked them', async () => {
    const directory = await register();
    const uid = first;
    const stranger = spawn('sleep', ['1000'], { uid, gid: uid, stdio: 'ignore' });
    await once(stranger, 'spawn');
    await using harness = await home();
    const shim = harness.spawn(harness.config(give(directory)));
    expect(await shim.statusLine).toMatch(ALL_TAKEN);
    // A stopped process, or a VMM without its shim, still holds its id.
    stranger.kill('SIGSTOP');
    expect(await harness.spawn(harness.config(give(directory))).statusLine).toMatch(ALL_TAKEN);
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
    expect(await userOf((await harness.start(give(directory))).shim)).toBe(uid);
  });

  test('are none that the host knows by name', async () => {
    const directory = await register();
    await using harness = await home();
    const shim = (foreign: object): RunningShim =>
      harness.spawn(harness.config(give(directory, 1, [foreign])));
    for (const id of [first, first + RANGE - 1])
      expect(await shim({ first: id, last: id }).statusLine).toMatch(ALL_TAKEN);
    expect(await shim({ first: 1, last: first - 1 }).statusLine).toMatch(/^up /);
  });

  test.each<[string, (directory: string) => Promise<unknown>, RegExp]>([
    ['is a link', (at) => symlink('/tmp', at), /^failed jail (20|40) open /],
    [
      'is another user’s',
      (at) => mkdir(at).then(() => chown(at, 1, 1)),
      /^failed jail 1 .*not root/,
    ],
    ['is open to others', (at) => mkdir(at).then(() => chmod(at, 0o777)), /not root's alone/],
    [
      'holds a link',
      (at) => mkdir(at).then(() => symlink('/etc/passwd', `${at}/vmm-ids`)),
      /^failed jail 40 open .*vmm-ids/,
    ],
    [
      'holds another user’s file',
      (at) =>
        mkdir(at)
          .then(() => writeFile(`${at}/vmm-ids`, ''))
          .then(() => chown(`${at}/vmm-ids`, 1, 1)),
      /not root's alone; remove it$/,
    ],
    ['can’t be made', () => Promise.resolve(), /^failed jail 2 make .*must be writable for root/],
  ])('are given out nowhere that %s', async (what, plant, message) => {
    const directory = await register();
    await plant(directory);
    await using harness = await home();
    const missing = what === 'can’t be made' ? `${directory}/below` : directory;
    expect(await harness.spawn(harness.config(give(missing))).statusLine).toMatch(message);
  });

  test('can’t be root, nor begin behind the last', async () => {
    await using harness = await home();
    for (const firstId of [0, 0xffff_ffff - RANGE + 1]) {
      const shim = harness.spawn(harness.config({ ...give('/nowhere'), firstId }));
      expect(await shim.statusLine).toMatch(/^failed jail 22 configuration:/);
    }
  });
});
