import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/agent/protocol.js';
import { connect, EXEC, FakeShim, type Script } from '../helpers/fake-shim.js';
import { onExec } from '../helpers/on-exec.js';

const OK = { code: 0, signal: 0, oom: false, timedOut: false };

describe('a connection that ends', () => {
  const steps: [string, Script][] = [
    ['before the command has started', onExec((peer) => peer.socket.end())],
    [
      'after it has started',
      onExec((peer, session) => peer.send('started', session, { pid: 2 }).socket.end()),
    ],
    [
      'in the middle of its output',
      onExec((peer, session) =>
        peer
          .send('started', session, { pid: 2 })
          .output('stdout', session, Buffer.from('half'))
          .socket.end(),
      ),
    ],
    [
      'in the middle of a header',
      onExec((peer, session) =>
        peer.send('started', session, { pid: 2 }).socket.end(Buffer.from([9, 0, 0])),
      ),
    ],
    [
      'in the middle of a payload',
      onExec((peer, session) =>
        peer
          .send('started', session, { pid: 2 })
          .socket.end(Buffer.from('0900000002000000' + '45000000' + '6162', 'hex')),
      ),
    ],
    ['with bytes unread', onExec((peer) => peer.socket.pause().destroy())],
  ];
  it.each(steps)('%s rejects with vmm-failed and ends the streams', async (_when, script) => {
    await using shim = await FakeShim.start(script);
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    const out = await text(session.stdout);
    await expect(session.exited).rejects.toMatchObject({
      code: 'vmm-failed',
      remedy: { action: 'list-boxes' },
    });
    expect(['', 'half']).toContain(out);
    await client.closed;
  });

  it('because the box ended rejects with box-not-running', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => peer.send('started', session, { pid: 2 }).send('gone', 0, {})),
    );
    await using client = await connect(shim);
    await expect(client.exec(EXEC).exited).rejects.toMatchObject({ code: 'box-not-running' });
  });

  it('does not fail a write to stdin that is on its way', async () => {
    await using shim = await FakeShim.start(onExec((peer) => peer.socket.destroy()));
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    session.stdin.write(Buffer.alloc(10 * LIMITS.WINDOW));
    await expect(session.exited).rejects.toMatchObject({ code: 'vmm-failed' });
    expect(session.stdin.destroyed).toBe(true);
  });
});

describe('a hostile guest', () => {
  const attacks: [string, Script, RegExp][] = [
    [
      'that floods past the window',
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        for (let n = 0; n < 5; n += 1)
          peer.output('stderr', session, Buffer.alloc(LIMITS.MAX_PAYLOAD));
      }),
      /more stderr than its window/,
    ],
    [
      'that reports an exit code of 4 billion',
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        peer.send('exited', session, { code: 0xffff_ffff, signal: 0, flags: 0 });
      }),
      /impossible exit/,
    ],
    [
      'that reports an exit without a start',
      onExec((peer, session) => peer.send('exited', session, { code: 0, signal: 0, flags: 0 })),
      /impossible exit/,
    ],
    [
      'that sends a message meant for it',
      onExec((peer, session) =>
        peer
          .output('stdout', session, Buffer.alloc(0))
          .socket.write(Buffer.from('0000000002000000' + '03000000', 'hex')),
      ),
      /type 3 has no place/,
    ],
    [
      'that greets again to have other processes blamed',
      onExec((peer) => peer.welcome({ vmmPid: 1 })),
      /greeted as another/,
    ],
  ];
  it.each(attacks)('%s is cut off with a protocol error', async (_attack, script, message) => {
    await using shim = await FakeShim.start(script);
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    await expect(session.exited).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringMatching(message) as string,
    });
    await client.closed;
  });

  it('gains nothing by frames for sessions that are not', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.output('stdout', 999, Buffer.from('x')).send('started', 998, { pid: 1 });
        peer.send('credit', session, { bytes: 0xffff_ffff }).send('started', session, { pid: 2 });
        peer.send('exited', session, { code: 0, signal: 0, flags: 0 });
        peer.send('exited', session, { code: 1, signal: 0, flags: 0 });
        peer.output('stdout', session, Buffer.from('late'));
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    expect(await text(session.stdout)).toBe('');
    expect(await session.exited).toEqual(OK);
  });
});
