import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoxliteRuntime, type LiteBox } from '../../src/index.js';
import { idleBox, runIn, runtimeOn } from '../helpers/library-box.js';
import { TestHome } from '../helpers/test-home.js';

const home = new TestHome();
beforeAll(() => home.create());
afterAll(async () => {
  expect(await home.remove(), 'left running').toEqual([]);
});

const REASON = new Error('enough');
const CANCELLED = { name: 'BoxliteError', code: 'cancelled', cause: REASON };
/** A different size from the home's templates, so that the first start creates one. */
const OTHER_MEMORY_MIB = 200;
/** From before the VM starts until after the command runs, on an idle host and on a busy one. */
const MOMENTS_MS = [0, 50, 150, 400, 1_000, 2_500];

describe('start', () => {
  test('with a signal that has aborted begins nothing', async () => {
    const box = await idleBox(home);
    await expect(box.start({ signal: AbortSignal.abort(REASON) })).rejects.toMatchObject({
      ...CANCELLED,
      message: expect.stringContaining('cancelled') as string,
    });
    expect((await box.info()).status).toBe('configured');
  });

  test('ends the making of a template, which the next start makes', async () => {
    const controller = new AbortController();
    await using runtime = new BoxliteRuntime({
      homeDir: home.path,
      onNotice: (text) => {
        if (text.startsWith('preparing a template'))
          setTimeout(() => controller.abort(REASON), 500);
      },
    });
    const { id } = await idleBox(home, { memoryMib: OTHER_MEMORY_MIB });
    const box = await runtime.get(id);
    const before = templates();
    await expect(box?.start({ signal: controller.signal })).rejects.toMatchObject(CANCELLED);
    expect(templates()).toEqual(before);
    expect(await home.processes()).toEqual([]);
    await box?.start();
    expect((await box?.info())?.status).toBe('running');
  });

  test.each(MOMENTS_MS)('that is given up after %d ms leaves no VM and no lock', async (ms) => {
    const box = await idleBox(home);
    const controller = new AbortController();
    setTimeout(() => controller.abort(REASON), ms);
    const error = await box.start({ signal: controller.signal }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) expect((await box.info()).status).toBe('running');
    else {
      expect(error).toMatchObject(CANCELLED);
      expect((await box.info()).status).not.toBe('running');
      expect(await home.processes()).toEqual([]);
    }
    expect(await runIn(box, 'echo up')).toMatchObject({ stdout: 'up\n' });
  });

  test('is not undone by a signal that aborts afterwards', async () => {
    const box = await idleBox(home);
    const controller = new AbortController();
    await box.start({ signal: controller.signal });
    controller.abort(REASON);
    expect(await runIn(box, 'echo up')).toMatchObject({ stdout: 'up\n' });
  });
});

describe('wait', () => {
  test.each(['not-running', 'next-exit', 'removed'] as const)(
    'for %s ends with the signal, and the box goes on',
    async (condition) => {
      const box = await idleBox(home);
      await box.start();
      const before = box.wait({ condition, signal: AbortSignal.abort(REASON) });
      await expect(before).rejects.toMatchObject(CANCELLED);
      const controller = new AbortController();
      const waiting = box.wait({ condition, signal: controller.signal });
      waiting.catch(() => undefined); // expected below
      expect((await box.info()).status).toBe('running');
      controller.abort(REASON);
      await expect(waiting).rejects.toMatchObject(CANCELLED);
      expect((await box.info()).status).toBe('running');
    },
  );
});

describe('stop', () => {
  test('that is given up leaves a box running that takes no notice', async () => {
    const script = 'trap "" TERM; while :; do sleep 1000 & wait; done';
    const box = await idleBox(home, { command: ['sh', '-c', script] });
    await box.start();
    const before = box.stop({ signal: AbortSignal.abort(REASON) });
    await expect(before).rejects.toMatchObject(CANCELLED);

    const controller = new AbortController();
    const stopping = box.stop({ timeoutSeconds: -1, signal: controller.signal });
    stopping.catch(() => undefined); // expected below
    await expect.poll(async () => (await recorded(box)).includes('kill')).toBe(true);
    controller.abort(REASON);
    await expect(stopping).rejects.toMatchObject(CANCELLED);
    expect((await box.info()).status).toBe('running');
    await box.stop({ timeoutSeconds: 0 });
    expect((await box.info()).status).toBe('stopped');
  });
});

describe('export and commit', () => {
  test.each([
    ['a running box', true],
    ['a stopped box', false],
  ])(
    'of %s end with the signal, and leave no machine, no lock and no file',
    async (_which, runs) => {
      const box = await idleBox(home);
      const runtime = runtimeOn(home);
      await runIn(box, 'dd if=/dev/urandom of=/large bs=1M count=48');
      if (!runs) await box.stop();
      const own = (await home.processes()).length;

      await expect(buffer(box.export({ signal: AbortSignal.abort(REASON) }))).rejects.toMatchObject(
        CANCELLED,
      );
      const controller = new AbortController();
      const chunks = box.export({ signal: controller.signal })[Symbol.asyncIterator]();
      await chunks.next();
      controller.abort(REASON);
      await expect(drained(chunks)).rejects.toMatchObject(CANCELLED);
      expect(await home.processes()).toHaveLength(own);

      const images = await runtime.listImages();
      const partial = join(home.path, 'images', 'partial');
      const committing = new AbortController();
      const commit = runtime.commit(box.id, { signal: committing.signal });
      commit.catch(() => undefined); // expected below
      await expect.poll(() => readdirSync(partial)).not.toEqual([]);
      committing.abort(REASON);
      await expect(commit).rejects.toMatchObject(CANCELLED);
      expect(readdirSync(partial)).toEqual([]);
      expect(await runtime.listImages()).toEqual(images);
      expect(await home.processes()).toHaveLength(own);
      expect(await runIn(box, 'echo up')).toMatchObject({ stdout: 'up\n' });
    },
  );
});

/** Complete templates and drafts. */
const templates = (): string[] => readdirSync(join(home.path, 'templates')).sort();

/** The recorded actions of the box. */
async function recorded(box: LiteBox): Promise<string[]> {
  const actions: string[] = [];
  for await (const { actor, action } of runtimeOn(home).events({ until: new Date() }))
    if (actor === box.id) actions.push(action);
  return actions;
}

async function drained(chunks: AsyncIterator<Buffer>): Promise<void> {
  while ((await chunks.next()).done !== true);
}
