import { createHash } from 'node:crypto';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { EXIT_FLAGS, LIMITS, SHIM_PHASES, STAGES } from '../../src/agent/protocol.js';
import { Deferred } from '../../src/deferred.js';
import { connect, EXEC, FakePeer, FakeShim, isEof, type Script } from '../helpers/fake-shim.js';

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

describe('flow control', () => {
  it('lets a session that nobody reads stall alone', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        new Source(peer, session, 2_000_000).run();
      }),
    );
    await using client = await connect(shim);
    const slow = client.exec(EXEC);
    slow.stdout.pause();
    for (let round = 0; round < 5; round += 1)
      expect(await buffer(client.exec(EXEC).stdout)).toHaveLength(2_000_000);
    expect(await buffer(slow.stdout)).toHaveLength(2_000_000);
    expect(await slow.exited).toEqual(OK);
  });

  it('runs a hundred sessions at once, each with its own bytes', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: session });
        new Source(peer, session, 300_000).run();
      }),
    );
    await using client = await connect(shim);
    const sessions = Array.from({ length: 100 }, () => client.exec(EXEC));
    const outputs = await Promise.all(sessions.map((session) => buffer(session.stdout)));
    for (const [index, output] of outputs.entries())
      expect(output.equals(pattern(index + 2, 300_000)), `session ${index + 2}`).toBe(true);
  });

  it('counts a destroyed stream as read, so that the command goes on', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        new Source(peer, session, 1_000_000).run();
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    session.stdout.once('data', () => session.stdout.destroy());
    expect(await session.exited).toEqual(OK);
  });

  it('gives credit for raw output only when the handler says so', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        new Source(peer, session, 1_000_000).run();
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    const full = new Deferred<undefined>();
    const held: (() => void)[] = [];
    let bytes = 0;
    session.onOutput((_stream, chunk, consumed) => {
      bytes += chunk.length;
      held.push(consumed);
      if (bytes === LIMITS.WINDOW) full.resolve(undefined);
    });
    await full.promise;
    expect(bytes).toBe(LIMITS.WINDOW);
    session.onOutput((_stream, chunk, consumed) => {
      bytes += chunk.length;
      consumed();
      consumed(); // counts once
    });
    for (const consumed of held) consumed();
    expect(await session.exited).toEqual(OK);
    expect(bytes).toBe(1_000_000);
  });

  it('gives raw output that came before the handler did', async () => {
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        peer.output('stdout', session, Buffer.from('early'));
        peer.send('exited', session, { code: 0, signal: 0, flags: 0 });
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    await session.exited;
    const seen: string[] = [];
    session.onOutput((stream, chunk) => seen.push(`${stream}: ${chunk.toString()}`));
    expect(seen).toEqual(['stdout: early']);
  });

  it('sends stdin no further than the window, and on as it is credited', async () => {
    const full = new Deferred<FakePeer>();
    let received = 0;
    const rest = new Deferred<undefined>();
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('stdin', ({ payload }) => {
        received += payload.length;
        if (received === LIMITS.WINDOW) full.resolve(peer);
        if (received === LIMITS.WINDOW + 100) rest.resolve(undefined);
      });
    });
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    session.stdin.write(Buffer.alloc(LIMITS.WINDOW + 200));
    const peer = await full.promise;
    peer.send('credit', 2, { bytes: 100 });
    await rest.promise;
    expect(received).toBe(LIMITS.WINDOW + 100);
    expect(session.stdin.writableNeedDrain).toBe(true);
  });
});

describe('bulk', () => {
  it('carries 50 MB of output byte-exact', { timeout: 60_000 }, async () => {
    const size = 50_000_000;
    await using shim = await FakeShim.start(
      onExec((peer, session) => {
        peer.send('started', session, { pid: 2 });
        new Source(peer, session, size).run();
      }),
    );
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    const hash = createHash('sha256');
    await pipeline(session.stdout, hash);
    expect(hash.digest('hex')).toBe(sha256(pattern(2, size)));
    expect(await session.exited).toEqual(OK);
  });

  it('carries 50 MB of input byte-exact and ends it with EOF', { timeout: 60_000 }, async () => {
    const size = 50_000_000;
    const hash = createHash('sha256');
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('exec', ({ session }) => peer.send('started', session, { pid: 2 }));
      peer.on('stdin', (frame) => {
        hash.update(frame.payload);
        if (frame.payload.length > 0)
          peer.send('credit', frame.session, { bytes: frame.payload.length });
        if (isEof(frame)) peer.send('exited', frame.session, { code: 0, signal: 0, flags: 0 });
      });
    });
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    const data = pattern(9, size);
    await pipeline(Readable.from(slices(data, 100_001)), session.stdin);
    expect(await session.exited).toEqual(OK);
    expect(hash.digest('hex')).toBe(sha256(data));
  });

  it('loses no input when credit comes while the socket is still full', async () => {
    const data = pattern(5, 20_000_000);
    const hash = createHash('sha256');
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('exec', ({ session }) => peer.send('started', session, { pid: 2 }));
      peer.on('stdin', (frame) => {
        hash.update(frame.payload);
        // Reads in small gulps, so that the other end's writes have to wait.
        peer.socket.pause();
        setImmediate(() => peer.socket.resume());
        if (frame.payload.length > 0)
          peer.send('credit', frame.session, { bytes: frame.payload.length });
        if (isEof(frame)) peer.send('exited', frame.session, { code: 0, signal: 0, flags: 0 });
      });
    });
    await using client = await connect(shim);
    const session = client.exec(EXEC);
    await pipeline(Readable.from(slices(data, 190_001)), session.stdin);
    expect(await session.exited).toEqual(OK);
    expect(hash.digest('hex')).toBe(sha256(data));
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

/** A shim that greets and then answers each EXEC. */
function onExec(answer: (peer: FakePeer, session: number) => unknown): Script {
  return (peer) => {
    peer.welcome().on('exec', ({ session }) => answer(peer, session));
  };
}

/** Sends `size` bytes of a session's pattern as fast as its credit allows, then its exit. */
class Source {
  readonly #peer: FakePeer;
  readonly #session: number;
  readonly #data: Buffer;
  #sent = 0;
  #room: number = LIMITS.WINDOW;

  constructor(peer: FakePeer, session: number, size: number) {
    this.#peer = peer;
    this.#session = session;
    this.#data = pattern(session, size);
    peer.on('credit', (frame) => {
      if (frame.session !== session) return;
      this.#room += frame.payload.readUInt32LE(0);
      this.run();
    });
  }

  run(): void {
    while (this.#sent < this.#data.length && this.#room > 0) {
      const end = this.#sent + Math.min(this.#room, LIMITS.MAX_PAYLOAD);
      const piece = this.#data.subarray(this.#sent, end);
      this.#sent += piece.length;
      this.#room -= piece.length;
      this.#peer.output('stdout', this.#session, piece);
      if (this.#sent === this.#data.length)
        this.#peer.send('exited', this.#session, { code: 0, signal: 0, flags: 0 });
    }
  }
}

/** Bytes that repeat with a period no power of two divides, so that a shifted block is noticed. */
function pattern(seed: number, size: number): Buffer {
  const period = Buffer.from(Array.from({ length: 65_521 }, (_, n) => (n * 31 + seed * 7) & 0xff));
  return Buffer.alloc(size, period);
}

function* slices(data: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
