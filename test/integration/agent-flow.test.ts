import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/agent/protocol.js';
import { Deferred } from '../../src/deferred.js';
import { connect, EXEC, FakePeer, FakeShim, isEof } from '../helpers/fake-shim.js';
import { onExec } from '../helpers/on-exec.js';

const OK = { code: 0, signal: 0, oom: false, timedOut: false };

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
