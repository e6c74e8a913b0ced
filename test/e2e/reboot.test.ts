import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqlite } from '../../src/store/sqlite/sqlite.js';
import { EventFollower } from '../helpers/event-follower.js';
import { lookUntil } from '../helpers/look-until.js';
import { killAndWait, programOf } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

const STAY = ['busybox', 'sleep', '6000'];
const OTHER_BOOT = '00000000-0000-0000-0000-000000000000';

/** Simulates a reboot of the host: no process is left, and the records name another boot. */
async function rebootHost(): Promise<void> {
  for (const process of await home.processes())
    if (programOf(process) === 'boxlite-shim') await killAndWait(process.pid);
  // The kernel ends their VMMs.
  const machines = async () =>
    (await home.processes()).filter((each) => programOf(each) !== 'node');
  await lookUntil(machines, (left) => left.length === 0);
  const boxes = join(home.path, 'boxes');
  for (const id of await readdir(boxes)) {
    const path = join(boxes, id, 'started.json');
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const fact = JSON.parse(text) as object;
    await writeFile(path, JSON.stringify({ ...fact, bootId: OTHER_BOOT }));
  }
  const database = openSqlite(join(home.path, 'boxlite.db'));
  database.prepare('UPDATE host SET boot_id = ?').run(OTHER_BOOT);
  database.close();
}

it('after a restart of the host, policies start what they are to start, once', async () => {
  const make = (name: string, policy: string) =>
    home.ok(['run', '-d', '--name', name, '--restart', policy, ...STAY]);
  await make('always', 'always');
  await make('unless', 'unless-stopped');
  await make('failing', 'on-failure');
  await make('none', 'no');
  await make('always-stopped', 'always');
  await make('unless-stopped', 'unless-stopped');
  await home.ok(['stop', '-t', '0', 'always-stopped', 'unless-stopped']);

  await rebootHost();
  // Reading changes nothing.
  expect(await home.ok(['ps', '-q'])).toBe('');
  expect(await home.ok(['ps', '-aq', '--filter', 'status=exited'])).not.toBe('');
  const error = '{{.State.Error}}';
  expect(await home.ok(['inspect', '--format', error, 'none'])).toBe(
    'the host was restarted while the box ran',
  );

  // Of two at once, exactly one starts each box.
  const started = await Promise.all([home.ok(['system', 'start']), home.ok(['system', 'start'])]);
  const names = started.flatMap((text) => text.split('\n')).filter((name) => name !== '');
  expect(names.sort()).toEqual(['always', 'always-stopped', 'unless']);
  const running = await home.ok(['ps', '--format', '{{.Names}}']);
  expect(running.split('\n').sort()).toEqual(['always', 'always-stopped', 'unless']);

  // Any call that changes something also starts them, in the background.
  await rebootHost();
  await using events = await EventFollower.start(home, 'unless');
  for (const name of ['always', 'always-stopped', 'unless']) await events.seen(name, 'start');
  const all = ['always', 'unless', 'failing', 'none', 'always-stopped', 'unless-stopped'];
  await home.ok(['rm', '-f', ...all]);
  expect((await home.processes()).filter((each) => programOf(each) !== 'node')).toEqual([]);
});
