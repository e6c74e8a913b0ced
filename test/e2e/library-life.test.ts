import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoxliteRuntime, BoxStatus } from '../../src/index.js';
import { idleBox, runIn, runtimeOn, shell } from '../helpers/library-box.js';
import { TestHome } from '../helpers/test-home.js';

const home = new TestHome();
beforeAll(() => home.create());
afterAll(() => home.remove());

describe('a box of the library', () => {
  test('goes through its states, idle, and starts again with what it held', async () => {
    const box = await idleBox(home);
    expect(await box.state()).toMatchObject({
      status: BoxStatus.Configured,
      pid: undefined,
      containerId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      lockId: expect.any(Number) as number,
    });
    await box.start();
    await box.start();
    const { status, pid } = await box.state();
    expect(status).toBe(BoxStatus.Running);
    expect((await box.info()).pid).toBe(pid);
    expect(await runIn(box, 'echo kept > /kept; cat /kept')).toMatchObject({ stdout: 'kept\n' });

    await box.stop();
    await box.stop();
    expect(await box.state()).toMatchObject({ status: BoxStatus.Stopped, pid: undefined });
    expect(await runIn(box, 'cat /kept')).toMatchObject({ stdout: 'kept\n', exitCode: 0 });
  });

  test('that is idle ends by whichever signal stops it, without waiting for the grace', async () => {
    const box = await idleBox(home, { stopSignal: 'SIGQUIT', stopTimeoutSeconds: -1 });
    await box.start();
    await box.stop();
    expect(await box.info()).toMatchObject({ status: 'stopped', exitCode: 128 + 3 });
  });

  test('gives output as lines, and takes lines', async () => {
    const box = await idleBox(home);
    const execution = await box.exec(shell('while read line; do echo "got $line ✓"; done'));
    execution.stdin.end('one\ntwo\n');
    const lines: string[] = [];
    for await (const line of execution.stdout.lines()) lines.push(line);
    expect(lines).toEqual(['got one ✓', 'got two ✓']);
    expect((await execution.wait()).success()).toBe(true);
  });

  test('ends a command whose output nobody reads, and tells who reads it too late', async () => {
    const box = await idleBox(home);
    const execution = await box.exec(
      shell('head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2'),
    );
    expect((await execution.wait()).exitCode).toBe(0);
    await expect(text(execution.stdout)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('await using', () => {
  test('stops a box that was made or started by the handle', async () => {
    const runtime = runtimeOn(home);
    let id: string;
    {
      await using box = await runtime.create({}, 'mine');
      id = box.id;
      await box.start();
      expect((await runtime.getInfo(id))?.status).toBe('running');
    }
    expect((await runtime.getInfo(id))?.status).toBe('stopped');
    {
      await using box = await runtime.get(id);
      await box?.start();
    }
    expect((await runtime.getInfo(id))?.status).toBe('stopped');
    await runtime.remove(id);
  });

  test('leaves a box alone that somebody else runs', async () => {
    const box = await idleBox(home);
    await box.start();
    {
      await using runtime = new BoxliteRuntime({ homeDir: home.path });
      await using other = await runtime.get(box.id);
      await other?.start();
    }
    expect((await box.info()).status).toBe('running');
  });

  test('leaves nothing of a box that removes itself, started or not', async () => {
    const runtime = runtimeOn(home);
    const ids: string[] = [];
    {
      await using started = await runtime.create({ autoRemove: true });
      await using created = await runtime.create({ autoRemove: true });
      await started.start();
      ids.push(started.id, created.id);
    }
    expect(await Promise.all(ids.map((id) => runtime.exists(id)))).toEqual([false, false]);
  });
});

describe('a runtime that is shut down', () => {
  test('stops what it has started, and leaves alone what others have', async () => {
    const [runtime, other] = [runtimeOn(home), runtimeOn(home)];
    const mine = await runtime.create();
    const mineToo = await runtime.create({ autoRemove: true });
    const unstarted = await runtime.create();
    const others = await other.create();
    await Promise.all([mine.start(), runIn(mineToo, 'true'), others.start()]);
    await runtime.shutdown();
    await runtime.shutdown();

    const status = async (id: string) => (await other.getInfo(id))?.status;
    expect(await status(mine.id)).toBe('stopped');
    expect(await status(mineToo.id)).toBeUndefined();
    expect(await status(unstarted.id)).toBe('configured');
    expect(await status(others.id)).toBe('running');
    for (const { id } of [mine, unstarted, others]) await other.remove(id, true);
  });

  test('waits no longer for a command than it was told', async () => {
    const runtime = runtimeOn(home);
    const box = await runtime.create({
      command: ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1000; done'],
    });
    const execution = await box.startAttached();
    const lines = execution.stdout.lines();
    expect((await lines.next()).value).toBe('up');
    await runtime.shutdown(0);
    expect((await execution.wait()).exitCode).toBe(137);
    await runtimeOn(home).remove(box.id);
  });

  test('stops a box that is being started just then', async () => {
    const runtime = runtimeOn(home);
    const box = await runtime.create();
    const starting = box.start();
    await runtime.shutdown();
    await starting;
    expect((await runtimeOn(home).getInfo(box.id))?.status).toBe('stopped');
    await runtimeOn(home).remove(box.id);
  });

  test('refuses every other call, of its boxes too', async () => {
    const runtime = runtimeOn(home);
    const box = await runtime.create();
    await runtime.shutdown();
    const closed = {
      code: 'runtime-closed',
      message: `the runtime on ${home.path} was closed`,
    };
    await expect(runtime.create()).rejects.toMatchObject(closed);
    await expect(runtime.listInfo()).rejects.toMatchObject(closed);
    await expect(runtime.listImages()).rejects.toMatchObject(closed);
    await expect(runtime.remove(box.id)).rejects.toMatchObject(closed);
    await expect(box.start()).rejects.toMatchObject(closed);
    await expect(box.info()).rejects.toMatchObject(closed);
    await runtimeOn(home).remove(box.id);
  });
});
