import { expect, test } from 'vitest';
import type { Stats } from '../../../../src/agent/requests.js';
import { processesOf } from '../../../../src/engine/report/processes.js';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

function seen(list: Partial<Stats['list'][number]>[]) {
  const whole = list.map((each) => ({
    pid: 1,
    parent: 0,
    uid: 0,
    gid: 0,
    group: 1,
    session: 1,
    startNs: 0n,
    cpuNs: 0n,
    virtualBytes: 0n,
    residentBytes: 0n,
    terminal: 0,
    foreground: 0,
    state: 83,
    niceness: 20,
    threads: 1,
    processor: 0,
    name: Buffer.from('sh'),
    command: Buffer.from('sh\0-c\0x y\0'),
    ...each,
  }));
  const stats = { uptimeNs: 60_000_000_000n, memoryTotal: 400_000_000n, list: whole };
  return processesOf(stats as Stats, NOW_MS);
}

test('a process is told in the host’s time and in units of its own', () => {
  const [shell] = seen([
    {
      ...{ startNs: 50_000_000_000n, cpuNs: 2_500_000_000n, terminal: 3, foreground: 1 },
      ...{ virtualBytes: 8_000_000n, residentBytes: 4_000_000n, niceness: 15, state: 82 },
    },
  ]);
  expect(shell).toEqual({
    pid: 1,
    parentPid: 0,
    uid: 0,
    gid: 0,
    processGroup: 1,
    sessionId: 1,
    startedAt: new Date(NOW_MS - 10_000),
    cpuMs: 2_500,
    cpuPercent: 25,
    virtualBytes: 8_000_000,
    residentBytes: 4_000_000,
    memoryPercent: 1,
    terminal: 'pts/2',
    foreground: true,
    state: 'R',
    nice: -5,
    threads: 1,
    processor: 0,
    name: 'sh',
    command: ['sh', '-c', 'x y'],
  });
});

test('what a hostile guest claims gives no impossible times', () => {
  const most = 2n ** 64n - 1n;
  const [early, late] = seen([{ startNs: 0n }, { startNs: most, cpuNs: most }]);
  expect(early?.startedAt).toEqual(new Date(NOW_MS - 60_000));
  expect(late).toMatchObject({ startedAt: new Date(NOW_MS), cpuPercent: 0, terminal: undefined });
});

test('what a hostile guest claims of a process is held to what Linux has', () => {
  const [most, none] = seen([
    {
      ...{ state: 0x1b, niceness: 255 },
      ...{ name: Buffer.alloc(100_000, 'n'), command: Buffer.alloc(1_000_000, 'a\0') },
    },
    { name: Buffer.alloc(0), command: Buffer.alloc(0) },
  ]);
  expect(most).toMatchObject({ state: '?', nice: 19, name: 'n'.repeat(15) });
  expect(most?.command).toHaveLength(512);
  expect(none).toMatchObject({ name: '', command: [''] });
});

test('more processes than there can be are none', () => {
  expect(() => seen(Array<object>(2_049).fill({}))).toThrow('lists 2049 processes');
});
