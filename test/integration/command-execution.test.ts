import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ExecSession } from '../../src/agent/exec-session.js';
import { commandExecution, TIMEOUT_GRACE_MS } from '../../src/engine/exec/command-execution.js';
import type { Execution } from '../../src/engine/exec/execution.js';
import { BoxCommand } from '../../src/engine/spec/box-command.js';
import type { EngineContext } from '../../src/engine/state/context.js';
import { connect, EXEC, type FakePeer, FakeShim } from '../helpers/fake-shim.js';

const BOX = { id: '01hzzbox', name: 'web' };
const TIMEOUT_MS = 30_000;

/** A command that has started, in a guest that says no more by itself. */
async function started(
  command: BoxCommand,
  signal?: AbortSignal,
): Promise<{ execution: Execution; session: ExecSession; peer: FakePeer; number: number }> {
  let peer: FakePeer | undefined;
  let number = 0;
  const shim = await FakeShim.start((each) => {
    peer = each.welcome();
    each.on('exec', ({ session }) => {
      number = session;
      each.send('started', session, { pid: 2 });
      each.output('stdout', session, Buffer.from('before\n'));
    });
  });
  onTestFinished(() => shim[Symbol.asyncDispose]());
  const client = await connect(shim);
  const session = client.exec(EXEC);
  await session.started;
  const context = { home: { box: () => shim.directory } } as unknown as EngineContext;
  const limits = { timeoutMs: command.timeoutMs, signal };
  const execution = commandExecution(context, BOX, { client, session }, limits);
  if (peer === undefined) throw new Error('the shim was not spoken to');
  return { execution, session, peer, number };
}

test('a guest that does not end a command whose time is up is given up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { execution } = await started(new BoxCommand('sleep').timeout(TIMEOUT_MS));
  const result = execution.wait();
  result.catch(() => undefined); // expected below
  const output = text(execution.stdout);
  vi.advanceTimersByTime(TIMEOUT_MS + TIMEOUT_GRACE_MS - 1);
  expect(await Promise.race([result, Promise.resolve('it waits')])).toBe('it waits');
  vi.advanceTimersByTime(1);
  await expect(result).rejects.toMatchObject({
    code: 'timeout',
    message: 'box web has not ended a command 10 s after its time-out of 30000 ms',
  });
  expect(await output).toBe('before\n');
});

test('a command without a time-out is waited for as long as it takes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { execution, peer, number } = await started(new BoxCommand('sleep'));
  vi.advanceTimersByTime(2 ** 31);
  peer.send('exited', number, { code: 0, signal: 0, flags: 0 });
  expect((await execution.wait()).exitCode).toBe(0);
});

test('a signal ends the wait for a guest that says nothing, and hangs the command up', async () => {
  const controller = new AbortController();
  const { execution, peer } = await started(new BoxCommand('sleep'), controller.signal);
  const hungUp = new Promise((resolve) => peer.socket.once('end', resolve));
  const result = execution.wait();
  result.catch(() => undefined); // expected below
  controller.abort(new Error('enough'));
  await expect(result).rejects.toMatchObject({
    code: 'cancelled',
    message: 'a command in box web was cancelled',
    cause: new Error('enough'),
  });
  await hungUp;
});

test('a signal that comes after the end changes nothing', async () => {
  const controller = new AbortController();
  const { execution, peer, number } = await started(new BoxCommand('true'), controller.signal);
  peer.send('exited', number, { code: 3, signal: 0, flags: 0 });
  expect((await execution.wait()).exitCode).toBe(3);
  controller.abort();
  expect((await execution.wait()).exitCode).toBe(3);
});
