import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../src/agent/protocol.js';
import { archiveExit, startArchiveSession } from '../../src/engine/files/archive-session.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { BoxliteError } from '../../src/errors.js';
import { connect, EXEC, type FakePeer, FakeShim } from '../helpers/fake-shim.js';

const BOX = '01hzzboxzzzzzzzzzzzzzzzzzz';
const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A copy with a guest that answers as `onStart` does, and the waiting for its end. */
async function copy(onStart: (peer: FakePeer, session: number) => void) {
  const shim = await FakeShim.start((peer) => {
    peer.welcome().on('exec', ({ session }) => onStart(peer, session));
  });
  const client = await connect(shim);
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-archive-'));
  const { context } = openEngine({ homeDir });
  const boxes = context.database().boxes;
  boxes.insert({ id: BOX, image: 'busybox', options: {}, containerId: '0'.repeat(64) });
  const agent = { client, [Symbol.asyncDispose]: () => Promise.resolve() };
  const session = startArchiveSession(agent, EXEC);
  const end = archiveExit({ context, id: BOX, name: 'bob' }, agent, session).then(
    ({ code }) => code,
    (error: unknown) => describeFailure(error),
  );
  return {
    session,
    end,
    pause: (paused: boolean) => boxes.update(BOX, { paused }),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      context.lifetime.close();
      await shim[Symbol.asyncDispose]();
      await rm(homeDir, { recursive: true });
    },
  };
}

function describeFailure(error: unknown): string {
  if (!(error instanceof BoxliteError)) throw error;
  return `${error.code}: ${error.message}`;
}

const started = (peer: FakePeer, session: number): void =>
  void peer.send('started', session, { pid: 2 });

const STALLED = 'timeout: box bob makes no progress: nothing has been copied for 5 minutes';

describe('the wait for a copy in a box', () => {
  it('ends with the exit of the process', async () => {
    await using found = await copy((peer, session) => {
      started(peer, session);
      peer.send('exited', session, { code: 7, signal: 0, flags: 0 });
    });
    expect(await found.end).toBe(7);
  });

  it('ends when the guest does not even start it', async () => {
    await using found = await copy(() => undefined);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(await found.end).toBe('timeout: box bob does not answer');
  });

  it('ends when a guest that is to send stays silent', async () => {
    await using found = await copy(started);
    await found.session.started;
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    expect(await found.end).toBe(STALLED);
  });

  it('ends when a guest that is to take more stays silent', async () => {
    await using found = await copy(started);
    await found.session.started;
    found.session.stdin.write(Buffer.alloc(LIMITS.WINDOW + 1));
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    expect(await found.end).toBe(STALLED);
  });

  it('ends when the guest never comes to the end of its report', async () => {
    await using found = await copy((peer, session) => {
      started(peer, session);
      for (let each = 0; each < 5; each++)
        peer.output('stderr', session, Buffer.alloc(16_000, '!'));
    });
    found.session.onOutput((_stream, _chunk, consumed) => consumed());
    await vi.waitFor(() => expect(found.session.receivedOnStderr).toBe(80_000));
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(await found.end).toBe('protocol: box bob reports more of a copy than a copy can have');
  });

  it('goes on while something comes, however slowly', async () => {
    let peer: FakePeer | undefined;
    await using found = await copy((each, session) => {
      peer = each;
      started(each, session);
    });
    found.session.onOutput((_stream, _chunk, consumed) => consumed());
    await found.session.started;
    for (let i = 0; i < 4; i++) {
      await vi.advanceTimersByTimeAsync(4 * MINUTE);
      const before = found.session.received;
      peer?.output('stdout', 2, Buffer.from('x'));
      await vi.waitFor(() => expect(found.session.received).toBeGreaterThan(before));
    }
    peer?.send('exited', 2, { code: 0, signal: 0, flags: 0 });
    expect(await found.end).toBe(0);
  });

  it.each(['reads', 'sends'] as const)(
    'goes on while it is this side that %s no further',
    async (how) => {
      let peer: FakePeer | undefined;
      await using found = await copy((each, session) => {
        peer = each;
        started(each, session);
        if (how === 'reads') each.output('stdout', session, Buffer.from('x'));
      });
      // The output is kept, not yet consumed; or the input has not come to its end.
      if (how === 'reads') found.session.onOutput(() => undefined);
      else found.session.stdin.write('x');
      await found.session.started;
      await vi.advanceTimersByTimeAsync(20 * MINUTE);
      peer?.send('exited', 2, { code: 0, signal: 0, flags: 0 });
      expect(await found.end).toBe(0);
    },
  );

  it('does not count the time in which the box is paused', async () => {
    await using found = await copy(started);
    await found.session.started;
    found.pause(true);
    await vi.advanceTimersByTimeAsync(20 * MINUTE);
    found.pause(false);
    await vi.advanceTimersByTimeAsync(4 * MINUTE);
    expect(await Promise.race([found.end, Promise.resolve('waits')])).toBe('waits');
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(await found.end).toBe(STALLED);
  });
});
