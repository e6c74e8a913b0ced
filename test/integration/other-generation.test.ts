import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { identifyProcess, isAlive } from '../../src/host/process-identity.js';
import { Database } from '../../src/store/database.js';
import { giveShim, TINY, type TinyRuntime, tinyRuntime } from '../helpers/tiny-runtime.js';

const STARTED_MS = Date.UTC(2026, 10, 5, 10);

test('a box whose supervisor another BoxLite has started is stopped by a signal', async () => {
  const { runtime, shim } = await runningBox();
  expect(await runtime.getInfo('web')).toMatchObject({ status: 'running' });
  const box = await runtime.get('web');
  await expect(box?.kill()).rejects.toMatchObject({
    code: 'protocol',
    remedy: { action: 'stop', box: 'web' },
  });
  await box?.stop();
  expect(await shim.ended).toEqual([0, null]);
  expect(await runtime.getInfo('web')).toMatchObject({ status: 'stopped' });
});

test('what follows the log of such a box says that it does not', async () => {
  const { runtime } = await runningBox();
  const box = await runtime.get('web');
  const reading = (async () => {
    for await (const entry of box?.logs({ follow: true }) ?? []) expect(entry).toBeUndefined();
  })();
  await expect(reading).rejects.toMatchObject({ code: 'protocol' });
});

/** A box `web` with a supervisor that has a child, as a real one has its VMM. */
async function runningBox(): Promise<TinyRuntime & { shim: { ended: Promise<unknown[]> } }> {
  const tiny = await tinyRuntime();
  const { id } = await tiny.runtime.create({ rootfs: { image: TINY } }, 'web');
  const program = 'trap "kill $!; exit 0" TERM; sleep 1000 & echo $!; wait';
  const shim = spawn('sh', ['-c', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(shim, 'exit');
  onTestFinished(() => void shim.kill('SIGTERM'));
  const [vmmPid] = (await once(shim.stdout, 'data')) as [Buffer];
  const who = identifyProcess(shim.pid ?? 0);
  await giveShim(tiny.home, id, (peer) => {
    if (who !== undefined && isAlive(who)) peer.welcome({ generation: 99 });
    else peer.socket.destroy();
  });
  writeFileSync(
    tiny.home.boxFile(id, 'started'),
    JSON.stringify({
      ...{ shimPid: who?.pid, shimStartTicks: who?.startTicks, bootId: who?.bootId },
      ...{ vmmPid: Number(vmmPid.toString()), atMs: STARTED_MS },
    }),
  );
  using database = Database.open(tiny.home);
  database.boxes.transition(id, ['configured'], 'running', { startedAt: STARTED_MS });
  return { ...tiny, shim: { ended } };
}
