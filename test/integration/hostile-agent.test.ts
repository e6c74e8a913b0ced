import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeMessage, type MessageValues } from '../../src/agent/codec.js';
import { LIMITS } from '../../src/agent/protocol.js';
import type { LiteBox } from '../../src/engine/box.js';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { BoxliteError } from '../../src/errors.js';
import { BOX_FILES } from '../../src/host/home.js';
import type { FakePeer } from '../helpers/fake-shim.js';
import { tar, tarEntry } from '../helpers/tar-builder.js';
import { giveShim, TINY, tinyRuntime } from '../helpers/tiny-runtime.js';

type Stats = MessageValues<'stats'>;
type Process = Stats['list'][number];

const MOST = 2n ** 64n - 1n;
const MOST_U32 = 2 ** 32 - 1;

/** Each number as large as the wire has it. */
const PROCESS: Process = {
  pid: MOST_U32,
  parent: MOST_U32,
  uid: MOST_U32,
  gid: MOST_U32,
  group: MOST_U32,
  session: MOST_U32,
  startNs: MOST,
  cpuNs: MOST,
  virtualBytes: MOST,
  residentBytes: MOST,
  terminal: MOST_U32,
  foreground: 255,
  state: 0x1b,
  niceness: 255,
  threads: MOST_U32,
  processor: MOST_U32,
  name: Buffer.from('\u001b[2J'),
  command: Buffer.from('\u001b]0;x\u0007'),
};
const STATS: Stats = {
  uptimeNs: MOST,
  memoryTotal: MOST,
  memoryAvailable: MOST,
  boxMemory: MOST,
  boxCache: MOST,
  load1: MOST_U32,
  load5: MOST_U32,
  load15: MOST_U32,
  processes: MOST_U32,
  threads: MOST_U32,
  cpuNs: MOST,
  receivedBytes: MOST,
  receivedPackets: MOST,
  sentBytes: MOST,
  sentPackets: MOST,
  readBytes: MOST,
  writtenBytes: MOST,
  oomKills: MOST_U32,
  list: [PROCESS],
};

/** A running box whose agent is the box's own, and a runtime that takes layers of 1 MB. */
async function boxWithAgent(
  script: (peer: FakePeer) => void,
): Promise<{ box: LiteBox; runtime: BoxliteRuntime }> {
  const { home } = await tinyRuntime();
  const runtime = new BoxliteRuntime({
    homeDir: home.root,
    accelerator: 'tcg',
    maxLayerBytes: 1_000_000,
  });
  onTestFinished(() => runtime.close());
  const box = await runtime.create({ rootfs: { image: TINY } }, 'liar');
  await giveShim(home, box.id, (peer) => script(peer.welcome()));
  writeFileSync(
    join(home.box(box.id), BOX_FILES.started),
    JSON.stringify({ at: '2026-11-05T10:00:00.000000000Z', shimPid: 11, vmmPid: 12 }),
  );
  return { box, runtime };
}

interface Answer {
  stdout?: Buffer;
  /** Then this, without end. */
  again?: Buffer;
  stderr?: string;
  code?: number;
}

/** What it answers to who wants its file system, a layer or its changes. */
function archives({ stdout, again, stderr, code = 0 }: Answer): (peer: FakePeer) => void {
  return (peer) => {
    let room: number = LIMITS.WINDOW;
    let session = 0;
    const say = (stream: 'stdout' | 'stderr', bytes: Buffer = Buffer.alloc(0)): void => {
      room -= bytes.length;
      for (let at = 0; at < bytes.length; at += LIMITS.MAX_PAYLOAD)
        peer.output(stream, session, bytes.subarray(at, at + LIMITS.MAX_PAYLOAD));
    };
    const goOn = (): void => {
      while (again !== undefined && room >= again.length) say('stdout', again);
    };
    peer.on('exec', (frame) => {
      session = frame.session;
      peer.send('started', session, { pid: 5 });
      say('stdout', stdout);
      say('stderr', Buffer.from(stderr ?? ''));
      if (again === undefined) peer.send('exited', session, { code, signal: 0, flags: 0 });
      goOn();
    });
    peer.on('credit', (frame) => {
      room += decodeMessage('credit', frame.payload).bytes;
      goOn();
    });
  };
}

function answersStats(stats: Stats): (peer: FakePeer) => void {
  return (peer) => {
    peer.on('statsRequest', ({ session }) => void peer.send('stats', session, stats));
  };
}

async function failure(promise: Promise<unknown>): Promise<BoxliteError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof BoxliteError) return error;
  throw new Error('it did not fail', { cause: error });
}

async function drain(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) expect(chunk).toBeInstanceOf(Buffer);
}

describe('an agent that is the box’s own', () => {
  it.each([
    ['a path without an end', 'A/xxxxxxx'],
    ['changes without paths', 'A\0A\0A\0'],
    ['paths that begin nowhere', 'Aetc/x\0'],
  ])('ends a diff by %s', async (_what, text) => {
    const { box } = await boxWithAgent(archives({ again: Buffer.from(text.repeat(5_000)) }));
    expect(await failure(box.changes())).toMatchObject({ code: 'protocol' });
  });

  it('says nothing to the terminal by why an export failed, and not for long', async () => {
    const stderr = `\u001b]0;title\u0007${'x'.repeat(100_000)}`;
    const { box } = await boxWithAgent(archives({ stderr, code: 1 }));
    const { code, message } = await failure(drain(box.export()));
    expect(code).toBe('vmm-failed');
    expect(message).toContain('could not be read to its end: ?]0;title?xxx');
    expect(message.length).toBeLessThan(1_200);
  });

  it.each([
    [
      'zeroes after the end of its layer',
      { stdout: tar({ name: 'a' }), again: Buffer.alloc(60_000) },
    ],
    ['a compressed layer of nothing', { again: Buffer.alloc(60_000, gzipSync('')) }],
    ['files without end', { again: tarEntry({ name: 'a', content: Buffer.alloc(50_000) }) }],
  ])('fills no disk of a commit by %s', async (_what, answer) => {
    const { runtime } = await boxWithAgent(archives(answer));
    expect(await failure(runtime.commit('liar'))).toMatchObject({ code: 'layer-invalid' });
  });

  it('is no more than the wire in what it uses', async () => {
    const { box } = await boxWithAgent(answersStats(STATS));
    const metrics = await box.metrics({ intervalMs: 0 });
    for (const value of Object.values({ ...metrics, ...metrics.guest }))
      if (typeof value === 'number') expect(value).toSatisfy(Number.isFinite);
    expect(metrics.cpuPercent).toBeUndefined();
  });

  it('lists no processes but such as there may be', async () => {
    const list = [PROCESS, { ...PROCESS, command: Buffer.alloc(4_000_000, 'x') }];
    const { box } = await boxWithAgent(answersStats({ ...STATS, list }));
    const [first, second] = await box.processes();
    expect(first).toMatchObject({ state: '?', nice: 19 });
    expect(second?.command.join(' ')).toHaveLength(LIMITS.PROCESS_COMMAND);
  });

  it('lists no more of them than there may be', async () => {
    const nothing = { name: '', command: '' };
    const list = Array.from({ length: 40_000 }, () => ({ ...PROCESS, ...nothing }));
    const { box } = await boxWithAgent(answersStats({ ...STATS, list }));
    expect(await failure(box.processes())).toMatchObject({ code: 'protocol' });
  });
});
