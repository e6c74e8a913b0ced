import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LiteBox } from '../../src/index.js';
import { idleBox, runIn, shell } from '../helpers/library-box.js';
import { TestHome } from '../helpers/test-home.js';

const { SIGTERM, SIGKILL } = constants.signals;

/** Enough for a script to set its traps and start its children, even emulated on a busy host. */
const SET_UP_MS = 4_000;

const home = new TestHome();
beforeAll(() => home.create());
afterAll(() => home.remove());

describe('a time-out', () => {
  test('ends the command by TERM, and says so in the result', async () => {
    const box = await idleBox(home);
    const execution = await box.exec(shell('exec sleep 1000').timeout(100));
    const result = await execution.wait();
    expect(result).toMatchObject({ exitCode: 128 + SIGTERM, signal: SIGTERM, timedOut: true });
    expect(result.success()).toBe(false);
  });

  test('leaves a command alone that ends before', async () => {
    const box = await idleBox(home);
    const result = await (await box.exec(shell('exit 3').timeout({ minutes: 5 }))).wait();
    expect(result).toMatchObject({ exitCode: 3, signal: undefined, timedOut: false });
  });

  test('is no success, though the command ends with 0 because of it', async () => {
    const box = await idleBox(home);
    const command = shell('trap "echo cleaned up; exit 0" TERM; sleep 1000 & wait').timeout(
      SET_UP_MS,
    );
    const execution = await box.exec(command);
    const [stdout, result] = await Promise.all([text(execution.stdout), execution.wait()]);
    expect(stdout).toBe('cleaned up\n');
    expect(result).toMatchObject({ exitCode: 0, signal: undefined, timedOut: true });
    expect(result.success()).toBe(false);
  });

  test('ends children and grandchildren with it', async () => {
    const box = await idleBox(home);
    const script = 'sh -c "sleep 1001 & sleep 1002; true" & sleep 1003 | sleep 1004; true';
    const result = await (await box.exec(shell(script).timeout(SET_UP_MS))).wait();
    expect(result).toMatchObject({ signal: SIGTERM, timedOut: true });
    expect(await sleepers(box)).toEqual([]);
  });

  test('kills 2 s later what takes no notice of TERM', async () => {
    const box = await idleBox(home);
    const command = shell('trap "" TERM; sleep 1000 & while :; do wait; done').timeout(SET_UP_MS);
    const result = await (await box.exec(command)).wait();
    expect(result).toMatchObject({ exitCode: 128 + SIGKILL, signal: SIGKILL, timedOut: true });
    expect(await sleepers(box)).toEqual([]);
  });

  test('kills a child that takes no notice, though the command itself ended by TERM', async () => {
    const box = await idleBox(home);
    const command = shell('(trap "" TERM; sleep 1000; sleep 1000) & wait').timeout(SET_UP_MS);
    const result = await (await box.exec(command)).wait();
    expect(result).toMatchObject({ signal: SIGTERM, timedOut: true });
    expect(await sleepers(box)).toEqual([]);
  });

  test('lets a child clean up whose parent has ended at once', async () => {
    const box = await idleBox(home);
    const child = `sh -c 'trap "sleep 0.2; echo done > /cleaned; exit" TERM; sleep 1000 & wait'`;
    const result = await (await box.exec(shell(`${child} & wait`).timeout(SET_UP_MS))).wait();
    expect(result).toMatchObject({ signal: SIGTERM, timedOut: true });
    expect(await runIn(box, 'cat /cleaned')).toMatchObject({ stdout: 'done\n' });
  });

  test('leaves a child in a session of its own, and does not wait for it', async () => {
    const box = await idleBox(home);
    const result = await (
      await box.exec(shell('setsid sleep 1000 & sleep 2000').timeout(SET_UP_MS))
    ).wait();
    expect(result).toMatchObject({ signal: SIGTERM, timedOut: true });
    expect(await sleepers(box)).toEqual(['sleep 1000']);
  });

  test('ends what a shell runs on its terminal', async () => {
    const box = await idleBox(home);
    const command = shell('exec sh -i').tty().timeout(SET_UP_MS);
    const execution = await box.exec(command);
    execution.stdin.write('sleep 1000; echo went on\n');
    const [output, result] = await Promise.all([text(execution.stdout), execution.wait()]);
    expect(result.timedOut).toBe(true);
    expect(output).toContain('sleep 1000');
    expect(await sleepers(box)).toEqual([]);
  });
});

/** The command lines of every `sleep` in the box. */
async function sleepers(box: LiteBox): Promise<string[]> {
  const { stdout } = await runIn(
    box,
    'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; echo; done',
  );
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('sleep '));
}
