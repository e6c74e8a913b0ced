import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identifyProcess } from '../../src/host/process-identity.js';
import type { BoxPatch } from '../../src/store/box-record.js';
import { Database } from '../../src/store/database.js';
import type { BoxStatus } from '../../src/store/status.js';
import type { FakePeer } from '../helpers/fake-shim.js';
import { giveShim, TINY, type TinyRuntime, tinyRuntime } from '../helpers/tiny-runtime.js';

const OPTIONS = { rootfs: { image: TINY } };
const STARTED_MS = Date.UTC(2026, 10, 5, 10);

test('a box that never ran is removed with its directory, its name and its id', async () => {
  const { home, runtime } = await tinyRuntime();
  const box = await runtime.create(OPTIONS, 'web');
  writeFileSync(home.boxFile(box.id, 'disk'), 'x');
  await runtime.remove('web');
  expect(await runtime.exists('web')).toBe(false);
  expect(readdirSync(home.boxes())).toEqual([]);
  expect((await runtime.create(OPTIONS, 'web')).id).not.toBe(box.id);
});

test.each(['web', 'the id', 'a prefix'])('a box is removed by %s', async (by) => {
  const { runtime } = await tinyRuntime();
  const { id } = await runtime.create(OPTIONS, 'web');
  const names = { web: 'web', 'the id': id.toUpperCase(), 'a prefix': id.slice(0, 20) };
  await runtime.remove(names[by as keyof typeof names]);
  expect(await runtime.listInfo()).toEqual([]);
});

test.each([[{}], [{ force: true }]])('an unknown box is an error, with %j', async (options) => {
  const { runtime } = await tinyRuntime();
  await expect(runtime.remove('nope', options)).rejects.toMatchObject({
    code: 'box-not-found',
    message: 'No such box: nope',
    remedy: { action: 'list-boxes' },
  });
});

test('a box whose directory is gone is removed', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create(OPTIONS);
  rmSync(home.box(id), { recursive: true });
  await runtime.remove(id);
  expect(await runtime.exists(id)).toBe(false);
});

describe('a running box', () => {
  test('is not removed, and the error names the way', async () => {
    const tiny = await tinyRuntime();
    const id = await makeBox(tiny, 'running');
    const asked: string[] = [];
    await giveShim(tiny.home, id, (peer) => {
      peer.welcome().on('killVmm', () => asked.push('killVmm'));
    });
    await expect(tiny.runtime.remove('web')).rejects.toMatchObject({
      code: 'box-running',
      message: 'cannot remove box "web": it is running',
      hint: 'stop it first, or use -f to kill and remove it',
    });
    expect(asked).toEqual([]);
    expect(existsSync(tiny.home.box(id))).toBe(true);
  });

  test('is killed and removed by force, after its end', async () => {
    const tiny = await tinyRuntime();
    const id = await makeBox(tiny, 'running');
    let thereAtTheEnd = false;
    await giveShim(tiny.home, id, (peer) => {
      peer.welcome().on('killVmm', () => {
        thereAtTheEnd = existsSync(tiny.home.box(id));
        peer.send('gone', 0, {}).socket.end();
      });
    });
    await tiny.runtime.remove(id, { force: true });
    expect(thereAtTheEnd).toBe(true);
    expect(await tiny.runtime.listInfo()).toEqual([]);
    expect(readdirSync(tiny.home.boxes())).toEqual([]);
  });

  test.each([
    ['speaks another generation', (peer: FakePeer) => peer.welcome({ generation: 99 })],
    ['breaks the protocol', (peer: FakePeer) => peer.socket.write(Buffer.alloc(12, 0xff))],
  ])('whose supervisor %s is removed by force with it', async (_what, greet) => {
    const tiny = await tinyRuntime();
    const id = await makeBox(tiny, 'running');
    await giveShim(tiny.home, id, greet);
    // Without a record of who it is, nobody is killed on suspicion.
    await expect(tiny.runtime.remove(id, { force: true })).rejects.toMatchObject({
      code: 'protocol',
    });
    const shim = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(shim, 'exit');
    const who = identifyProcess(shim.pid ?? 0);
    writeFileSync(
      tiny.home.boxFile(id, 'started'),
      JSON.stringify({ shimPid: who?.pid, shimStartTicks: who?.startTicks, bootId: who?.bootId }),
    );
    await tiny.runtime.remove(id, { force: true });
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await tiny.runtime.exists(id)).toBe(false);
  });

  test('whose supervisor was killed is removed without force', async () => {
    const tiny = await tinyRuntime();
    await makeBox(tiny, 'running');
    await tiny.runtime.remove('web');
    expect(await tiny.runtime.listInfo()).toEqual([]);
  });
});

test('a stopped box is removed after its VM has written back', async () => {
  const tiny = await tinyRuntime();
  const id = await makeBox(tiny, 'stopped', { startedAt: STARTED_MS, exitCode: 0 });
  const asked: string[] = [];
  await giveShim(tiny.home, id, (peer) => {
    peer.welcome().on('killVmm', () => {
      asked.push('killVmm');
      peer.send('gone', 0, {}).socket.end();
    });
  });
  await tiny.runtime.remove(id);
  expect(asked).toEqual(['killVmm']);
  expect(await tiny.runtime.exists(id)).toBe(false);
});

test('a box whose record of a start can’t be read is removed by force only', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create(OPTIONS, 'web');
  mkdirSync(home.boxFile(id, 'started'));
  expect(await runtime.getInfo(id)).toMatchObject({ status: 'unknown' });
  await expect(runtime.remove(id)).rejects.toMatchObject({
    code: 'box-state',
    message: expect.stringMatching(/^the state of box web is unknown: .*started\.json/) as string,
    remedy: { action: 'remove', box: 'web' },
  });
  await runtime.remove(id, { force: true });
  expect(await runtime.exists(id)).toBe(false);
  expect(readdirSync(home.boxes())).toEqual([]);
});

test('what a killed removal has left is no box, and goes with the next removal', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create(OPTIONS, 'web');
  const trash = join(home.boxes(), '.removed-01k0a1b2c3d4e5f6g7h8j9kamb');
  mkdirSync(join(trash, 'deep'), { recursive: true });
  expect((await runtime.listInfo()).map((box) => box.id)).toEqual([id]);
  await runtime.remove('web');
  expect(readdirSync(home.boxes())).toEqual([]);
});

test('a removal killed before it forgot the box can be repeated', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create(OPTIONS, 'web');
  const trash = join(home.boxes(), `.removed-${id}`);
  mkdirSync(trash);
  rmSync(home.box(id), { recursive: true });
  await runtime.remove('web');
  expect(readdirSync(home.boxes())).toEqual([]);
});

test('the end of a box that removes itself removes it, and that of others does not', async () => {
  const { runtime } = await tinyRuntime();
  const own = await runtime.create({ ...OPTIONS, autoRemove: true });
  const other = await runtime.create(OPTIONS);
  await runtime.handleExit(own.id);
  await runtime.handleExit(own.id);
  await runtime.handleExit(other.id);
  expect((await runtime.listInfo()).map(({ id }) => id)).toEqual([other.id]);
});

/** A box called `web` that the database has in this state. */
async function makeBox(
  { home, runtime }: TinyRuntime,
  status: BoxStatus,
  patch: BoxPatch = { startedAt: STARTED_MS },
): Promise<string> {
  const { id } = await runtime.create(OPTIONS, 'web');
  using database = Database.open(home);
  database.boxes.transition(id, ['configured'], status, patch);
  return id;
}
