import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { encodeFrame } from '../../src/agent/frame.js';
import { MESSAGES } from '../../src/agent/protocol.js';
import { readOutputLog } from '../../src/logs/output-log.js';
import type { FramePeer } from './shim/frame-peer.js';
import { gone, logRecords } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

test('a log of many one-byte frames never takes more than its files may', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running({ logMaxBytes: 2_000n, logMaxFiles: 3 });
  const frame = encodeFrame({ ...STDOUT, payload: Buffer.from('x') });
  guest.socket.write(Buffer.concat(Array<Buffer>(2_000).fill(frame)));
  await end(harness, guest, 'the last');
  const files = await logFiles(harness);
  expect(files.map(({ size }) => size)).toEqual([1_989, 1_989, expect.any(Number)]);
  expect(files.at(-1)?.size).toBeLessThanOrEqual(2_000);
  // A file holds 117 of the 2,000 frames of 17 bytes; 11 frames go to the 18th file.
  expect(files.map(({ name }) => name)).toEqual([15, 16, 17].map((n) => `output.${n}.log`));
  expect(await logged(harness)).toBe(`${'x'.repeat(117 + 117 + 11)}the last`);
});

test('what is larger than a file is parted, and nothing of it is lost', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running({ logMaxBytes: 1_000n, logMaxFiles: 9 });
  const text = Array.from({ length: 1_000 }, (_, n) => `${n} `).join('');
  guest.raw('stdout', 1, 'before');
  guest.raw('stderr', 1, text);
  await end(harness, guest, 'after');
  const files = await logFiles(harness);
  expect(files.map(({ size }) => size)).toEqual([22, 1_000, 1_000, 1_000, 975]);
  expect(await logged(harness)).toBe(`before${text}after`);
});

test('a record that fills a file to its last byte needs no other', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running({ logMaxBytes: 1_000n, logMaxFiles: 2 });
  guest.raw('stdout', 1, Buffer.alloc(984, 'a'));
  await end(harness, guest);
  expect(await logFiles(harness)).toEqual([{ name: 'output.log', size: 1_000 }]);
});

test('a log of one file begins anew when that is full', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running({ logMaxBytes: 100n, logMaxFiles: 1 });
  for (const letter of 'abc') guest.raw('stdout', 1, letter.repeat(80));
  await end(harness, guest);
  expect(await logFiles(harness)).toEqual([{ name: 'output.2.log', size: 96 }]);
  expect(await logged(harness)).toBe('c'.repeat(80));
});

test('keeps nothing when it is told to, and calls that complete', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running({ logMaxFiles: 0 });
  guest.raw('stdout', 1, 'seen');
  expect((await client.expectRaw('stdout', 1)).toString()).toBe('seen');
  await end(harness, guest);
  expect(await logFiles(harness)).toEqual([]);
  expect(await harness.record('exit')).toMatchObject({ logComplete: true });
});

test('what a next file that can not be begun would hold is lost, and not the box', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running({ logMaxBytes: 100n, logMaxFiles: 3 });
  const inTheWay = join(harness.directory, 'output.1.log');
  await writeFile(inTheWay, '');
  const say = async (letter: string): Promise<void> => {
    guest.raw('stdout', 1, letter.repeat(80));
    expect((await client.expectRaw('stdout', 1)).toString()).toBe(letter.repeat(80));
  };
  for (const letter of 'abc') await say(letter);
  await rm(inTheWay);
  await say('d');
  await end(harness, guest);
  expect(await logged(harness)).toBe(`${'a'.repeat(80)}${'d'.repeat(80)}`);
  expect(await harness.record('exit')).toMatchObject({ logComplete: false });
});

test('a log without a limit stays one file', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running({ logMaxBytes: 0n, logMaxFiles: 1 });
  for (let n = 0; n < 8; n += 1) guest.raw('stdout', 1, Buffer.alloc(32_768));
  await end(harness, guest);
  expect(await logFiles(harness)).toEqual([{ name: 'output.log', size: 8 * (32_768 + 16) }]);
});

test('another run goes on in the last file, and what is too old goes', async () => {
  await using harness = await ShimHarness.make();
  for (const [number, text] of ['one', 'two', 'three', 'four'].entries())
    await writeFile(join(harness.directory, nameOf(number)), record(text));
  await writeFile(join(harness.directory, 'output.log.1'), 'no file of the log');
  const { guest } = await harness.running({ logMaxBytes: 50n, logMaxFiles: 2 });
  await end(harness, guest, 'five');
  expect(await logFiles(harness)).toEqual([
    { name: 'output.2.log', size: 21 },
    { name: 'output.3.log', size: 40 },
  ]);
  expect(await logged(harness)).toBe('threefourfive');
});

// The files that a shim leaves when it is killed between the steps of a rotation.
test.each<[string, string[], string]>([
  ['had made the next file', ['one', 'two', ''], 'onetwonew'],
  ['had not yet removed the oldest', ['zero', 'one', 'two', ''], 'onetwonew'],
  ['was in the middle of a record', ['one', 'two', '-torn'], 'onetwonew'],
  ['was about to begin', [], 'new'],
])('a log whose shim %s when it was killed can be read and goes on', async (_, texts, expected) => {
  await using harness = await ShimHarness.make();
  for (const [number, text] of texts.entries()) {
    const path = join(harness.directory, nameOf(number));
    await writeFile(path, text === '' ? '' : record(text));
    if (text.startsWith('-')) await truncate(path, 18);
  }
  expect(await logged(harness)).toBe(texts.filter((text) => !text.startsWith('-')).join(''));
  const { guest } = await harness.running({ logMaxBytes: 1_000n, logMaxFiles: 3 });
  await end(harness, guest, 'new');
  expect(await logged(harness)).toBe(expected);
});

test('killed at any moment of its rotations it leaves a log without a gap', async () => {
  const frames = Array.from({ length: 20_000 }, (_, n) =>
    encodeFrame({ ...STDOUT, payload: Buffer.from(`${n}\n`) }),
  );
  const all = Buffer.concat(frames);
  for (const afterMs of [1, 3, 6, 10, 15]) {
    await using harness = await ShimHarness.make();
    const { shim, guest } = await harness.running({ logMaxBytes: 100n, logMaxFiles: 4 });
    guest.socket.write(all);
    setTimeout(() => shim.child.kill('SIGKILL'), afterMs);
    await shim.exited;
    const numbers = (await logged(harness)).split('\n').slice(0, -1).map(Number);
    const first = numbers[0] ?? 0;
    expect(numbers).toEqual(numbers.map((_each, i) => first + i));
    expect((await logFiles(harness)).length).toBeLessThanOrEqual(5);
  }
});

test('a follower sees each line once and in order over hundreds of rotations', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running({ logMaxBytes: 200n, logMaxFiles: 2 });
  const seen: string[] = [];
  const wanted = 1_000;
  guest.raw('stdout', 1, 'line 0\n');
  for await (const { data } of readOutputLog(harness.directory, { follow: client.closed })) {
    seen.push(data.toString());
    // The writer waits for the reader: the next line is written once this one has been read.
    if (seen.length < wanted) guest.raw('stdout', 1, `line ${seen.length}\n`);
    else guest.send('exited', 1, EXITED_0);
    if (seen.length === wanted) guest.end();
  }
  expect(seen).toEqual(Array.from({ length: wanted }, (_, n) => `line ${n}\n`));
}, 60_000);

const STDOUT = { session: 1, type: MESSAGES.stdout.type, flags: 0 };

async function end(harness: ShimHarness, guest: FramePeer, last = ''): Promise<void> {
  if (last !== '') guest.raw('stdout', 1, last);
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await gone(harness);
}

const nameOf = (number: number): string => (number === 0 ? 'output.log' : `output.${number}.log`);

async function logFiles({ directory }: ShimHarness): Promise<{ name: string; size: number }[]> {
  const names = (await readdir(directory)).filter((name) => /^output.*\.log$/.test(name));
  const files = names.map(async (name) => {
    const path = join(directory, name);
    logRecords(await readFile(path)); // throws for what is no log
    return { name, size: (await stat(path)).size };
  });
  return (await Promise.all(files)).sort((a, b) => numberOf(a.name) - numberOf(b.name));
}

const numberOf = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 0);

async function logged({ directory }: ShimHarness): Promise<string> {
  let text = '';
  for await (const { data } of readOutputLog(directory)) text += data.toString();
  return text;
}

function record(text: string): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt8(1, 8);
  header.writeUInt32LE(text.length, 12);
  return Buffer.concat([header, Buffer.from(text)]);
}
