import { constants } from 'node:os';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { EXIT_FLAGS, SHIM_PHASES, STAGES } from '../../src/agent/protocol.js';
import { Deferred } from '../../src/deferred.js';
import { connect, EXEC, FakeShim } from '../helpers/fake-shim.js';
import { onExec } from '../helpers/on-exec.js';

const OK = { code: 0, signal: 0, oom: false, timedOut: false };

describe('a session', () => {
  it('gives pid, both streams apart, and the exit', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 42 });
        peer.output('stdout', session, Buffer.from([0, 0xff, 10]));
        peer.output('stderr', session, Buffer.from('err'));
        peer.output('stdout', session, Buffer.from([13]));
        peer.send('exited', session, { code: 3, signal: 0, flags: 0 });
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    const [out, err] = await Promise.all([buffer(session.stdout), text(session.stderr)]);
    expect(await session.started).toEqual({ pid: 42 });
    expect(out).toEqual(Buffer.from([0, 0xff, 10, 13]));
    expect(err).toBe('err');
    expect(await session.exited).toEqual({ ...OK, code: 3 });
  });

  it.each([
    ['a signal', { code: 137, signal: 9, flags: 0 }, { ...OK, code: 137, signal: 9 }],
    ['want of memory', { code: 137, signal: 9, flags: EXIT_FLAGS.OOM }, { oom: true }],
    ['a time-out', { code: 143, signal: 15, flags: EXIT_FLAGS.TIMED_OUT }, { timedOut: true }],
  ] as const)('tells of an end by %s', async (_how, values, expected) => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 }).send('exited', session, values);
      }),
    );
    await using client = await connect(shim);
    expect(await client.exec(EXEC).exited).toMatchObject(expected);
  });

  it('loses no output of a command that ended before anybody read it', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        for (let n = 0; n < 100; n += 1) peer.output('stdout', session, Buffer.from(`${n}\n`));
        peer.send('exited', session, { code: 0, signal: 0, flags: 0 });
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    await session.exited;
    const lines = (await text(session.stdout)).trimEnd().split('\n');
    expect(lines).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
    expect(await text(session.stderr)).toBe('');
  });

  it('sends resize, signal and hangup for itself only', async () => {
    const seen = new Deferred<string[]>();
    await using shim = await FakeShim.start((peer) => {
      const frames: string[] = [];
      peer.welcome();
      for (const name of ['resize', 'signal', 'hangup'] as const)
        peer.on(name, ({ session, payload }) => {
          frames.push(`${name} ${session} ${payload.toString('hex')}`);
          if (name === 'hangup') seen.resolve(frames);
        });
    });
    await using client = await connect(shim);
    client.exec(EXEC);
    const session = client.exec(EXEC);
    session.resize(24, 80);
    session.signal(15);
    session.close();
    session.signal(9);
    session.close();
    expect(await seen.promise).toEqual(['resize 3 18005000', 'signal 3 0f000000', 'hangup 3 ']);
    await expect(session.exited).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('a command that does not start', () => {
  it.each([
    ['ENOENT', 'exec-not-found'],
    ['EACCES', 'exec-not-invocable'],
    ['EINVAL', 'exec-failed'],
  ] as const)('rejects with %s as %s, and its streams end', async (name, code) => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        const errno = constants.errno[name];
        peer.send('failed', session, { errno, stage: STAGES.EXEC, message: 'exec: "x": no' });
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    const expected = { code, message: 'exec: "x": no' };
    await expect(session.started).rejects.toMatchObject(expected);
    await expect(session.exited).rejects.toMatchObject(expected);
    expect(await text(session.stdout)).toBe('');
    expect(session.stdin.destroyed).toBe(true);
  });

  it('rejects when the shim refuses it', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('refused', session, { errno: constants.errno.EMFILE, message: 'too many' });
      }),
    );
    await using client = await connect(shim);
    await expect(client.exec(EXEC).started).rejects.toMatchObject({
      code: 'exec-failed',
      message: 'too many',
    });
  });
});

describe('main', () => {
  it('attaches before it starts the command, so that not a byte is missed', async () => {
    const order: string[] = [];
    await using shim = await FakeShim.start((peer) => {
      peer.welcome({ phase: SHIM_PHASES.STARTING });
      peer.on('attach', ({ session }) => order.push(`attach ${session}`));
      peer.on('exec', ({ session }) => {
        order.push(`exec ${session}`);
        peer.send('started', session, { pid: 1 }).output('stdout', session, Buffer.from('hi'));
        peer.send('exited', session, { code: 0, signal: 0, flags: 0 });
      });
    });
    await using client = await connect(shim);
    const session = client.main(EXEC);
    expect(await text(session.stdout)).toBe('hi');
    expect(order).toEqual(['attach 1', 'exec 1']);
  });

  it('starts without attaching when told so', async () => {
    const seen: string[] = [];
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('attach', () => seen.push('attach'));
      peer.on('exec', ({ session }) => peer.send('started', session, { pid: 1 }));
    });
    await using client = await connect(shim);
    await client.main(EXEC, { attach: false }).started;
    expect(seen).toEqual([]);
  });

  it('counts as started when it ran before it was attached to', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer.welcome().on('attach', ({ session }) => {
        peer.output('stdout', session, Buffer.from('on and on'));
        peer.send('exited', session, { code: 5, signal: 0, flags: 0 });
      }),
    );
    await using client = await connect(shim);
    const session = client.main();
    expect(client.main()).toBe(session);
    expect(await session.started).toEqual({ pid: 1 });
    expect(await text(session.stdout)).toBe('on and on');
    expect(await session.exited).toMatchObject({ code: 5 });
  });

  it('counts as started by its output or its end when it was joined while starting', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer.welcome({ phase: SHIM_PHASES.STARTING }).on('attach', ({ session }) => {
        peer.send('exited', session, { code: 0, signal: 0, flags: 0 });
      }),
    );
    await using client = await connect(shim);
    const session = client.main();
    expect(await session.exited).toEqual(OK);
    expect(await session.started).toEqual({ pid: 1 });
  });

  it('fails with the stage at which the box could not be made ready', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer.welcome({ phase: SHIM_PHASES.STARTING }).on('exec', () => {
        peer.send('failed', 0, { errno: 5, stage: STAGES.NETWORK, message: 'no eth0' });
      }),
    );
    await using client = await connect(shim);
    const expected = { code: 'boot-failed', stage: 'network', message: 'no eth0' };
    await expect(client.main(EXEC).started).rejects.toMatchObject(expected);
  });

  it('is sent no stdin by a client that did not attach', async () => {
    const seen: string[] = [];
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('stdin', () => seen.push('stdin'));
      peer.on('signal', ({ session }) => peer.send('started', session, { pid: 1 }));
    });
    await using client = await connect(shim);
    const session = client.main(EXEC, { attach: false });
    session.stdin.end('nobody reads this');
    session.signal(1);
    await session.started;
    expect(seen).toEqual([]);
  });

  it('is left running when its session is closed', async () => {
    const seen: string[] = [];
    const left = new Deferred<undefined>();
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('hangup', () => seen.push('hangup'));
      peer.socket.on('close', () => left.resolve(undefined));
    });
    await using client = await connect(shim);
    client.main().close();
    await client.closed;
    await left.promise;
    expect(seen).toEqual([]);
  });
});
