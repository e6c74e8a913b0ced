import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogEntry, LogOptions } from '../../../../../src/engine/report/logs.js';
import { fakeWorld, runCli } from '../../fake-world.js';

const directory = mkdtempSync(join(tmpdir(), 'boxlite-logs-'));
afterAll(() => rmSync(directory, { recursive: true }));

const entry = (stream: LogEntry['stream'], text: string, second: number): LogEntry => ({
  stream,
  time: new Date(Date.UTC(2026, 10, 24, 12, 0, second)),
  timeNs: BigInt(Date.UTC(2026, 10, 24, 12, 0, second)) * 1_000_000n + 123_456n,
  data: Buffer.from(text),
});

function fakeEngine(entries: LogEntry[]): { engine: object; asked: LogOptions[] } {
  const asked: LogOptions[] = [];
  const box = {
    id: 'web',
    name: 'web',
    consolePath: () => join(directory, 'console.log'),
    async *logs(options: LogOptions) {
      asked.push(options);
      yield* await Promise.resolve(entries);
    },
  };
  return {
    asked,
    engine: { get: (name: string) => Promise.resolve(name === 'web' ? box : undefined) },
  };
}

describe('logs', () => {
  it('keeps the streams apart', async () => {
    const { engine } = fakeEngine([
      entry('stdout', 'one\n', 1),
      entry('stderr', 'two\n', 2),
      entry('stdout', 'three\n', 3),
    ]);
    expect(await runCli(['logs', 'web'], engine)).toEqual({
      status: 0,
      stdout: 'one\nthree\n',
      stderr: 'two\n',
    });
  });

  it('puts the time before each line with -t, once for a line that came in pieces', async () => {
    const { engine } = fakeEngine([
      entry('stdout', 'on', 1),
      entry('stderr', 'e1\ne2\n', 2),
      entry('stdout', 'e\ntwo\n\nthr', 3),
      entry('stdout', 'ee', 4),
    ]);
    expect(await runCli(['logs', '-t', 'web'], engine)).toEqual({
      status: 0,
      stdout:
        '2026-11-24T12:00:01.000123456Z one\n' +
        '2026-11-24T12:00:03.000123456Z two\n' +
        '2026-11-24T12:00:03.000123456Z \n' +
        '2026-11-24T12:00:03.000123456Z three',
      stderr: '2026-11-24T12:00:02.000123456Z e1\n2026-11-24T12:00:02.000123456Z e2\n',
    });
  });

  it.each<[string[], LogOptions]>([
    [[], { follow: false }],
    [['-f'], { follow: true }],
    [['-n', '5'], { follow: false, tail: 5 }],
    [['--tail', '0'], { follow: false, tail: 0 }],
    [['--tail=all'], { follow: false }],
    [['--tail', '-1'], { follow: false }],
    [['--tail', 'bogus'], { follow: false }],
    [['--since', '10m'], { follow: false, since: 1_795_521_000_000_000_000n }],
    [['--until', '1795521600'], { follow: false, until: 1_795_521_600_000_000_000n }],
  ])('%j asks the engine for that', async (flags, expected) => {
    const { engine, asked } = fakeEngine([]);
    expect((await runCli(['logs', ...flags, 'web'], engine)).status).toBe(0);
    expect(asked).toEqual([expected]);
  });

  it('refuses a time it can’t read, and a box that is missing', async () => {
    const { engine } = fakeEngine([]);
    expect((await runCli(['logs', '--since', 'noon', 'web'], engine)).stderr).toContain('"noon"');
    expect(await runCli(['logs', 'none'], engine)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('No such box: none') as string,
    });
  });

  it('shows the console with --console, or says why there is none', async () => {
    const { engine } = fakeEngine([]);
    expect((await runCli(['logs', '--console', 'web'], engine)).stderr).toContain(
      'box web has no console yet',
    );
    writeFileSync(join(directory, 'console.log'), 'Linux version 6\n');
    expect(await runCli(['logs', '--console', 'web'], engine)).toEqual({
      status: 0,
      stdout: 'Linux version 6\n',
      stderr: '',
    });
  });

  it('shows a terminal what is on the console, and gives anybody else its bytes', async () => {
    const { engine } = fakeEngine([]);
    const console = Buffer.concat([
      Buffer.from('ok\r\n\u001b]0;title\u0007\u001b[2J\u009b31m\u202eab\rc\bd\tä\r\n'),
      Buffer.from([0x9b, 0x0a]),
    ]);
    writeFileSync(join(directory, 'console.log'), console);
    const piped = fakeWorld();
    await runCli(['logs', '--console', 'web'], engine, piped);
    expect(piped.stdout.bytes()).toEqual(console);
    const terminal = fakeWorld();
    Object.assign(terminal.stdout, { isTTY: true });
    expect((await runCli(['logs', '--console', 'web'], engine, terminal)).stdout).toBe(
      'ok\n\\x1b]0;title\\x07\\x1b[2J\\u009b31m\\u202eab\\x0dc\\x08d\tä\n\uFFFD\n',
    );
  });
});
