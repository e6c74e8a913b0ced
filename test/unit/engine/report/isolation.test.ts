import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WALLS } from '../../../../src/agent/protocol.js';
import { parseStatus, vmmIsolation } from '../../../../src/engine/report/isolation.js';

test('the isolation of a process is what the kernel reports', () => {
  const status = [
    'Name:\tqemu',
    'Uid:\t1900000003\t1900000003\t1900000003\t1900000003',
    'CapEff:\t0000000000000000',
    'NoNewPrivs:\t1',
    'Seccomp:\t2',
    '',
  ].join('\n');
  expect(parseStatus(status)).toEqual({
    uid: 1_900_000_003,
    noNewPrivileges: true,
    seccomp: true,
    noCapabilities: true,
  });
});

test('a process that is not there has none, and we have no other user than ours', async () => {
  expect(await vmmIsolation(2 ** 30)).toBeUndefined();
  expect(await vmmIsolation(process.pid)).toMatchObject({
    ...{ user: undefined, namespaces: [], walls: [], group: undefined, refused: {} },
  });
});

test('the walls are those of its start', async () => {
  const refused = [
    { wall: WALLS.NAMESPACES, reason: 'none are left' },
    { wall: WALLS.ROOT, reason: 'none are left' },
  ];
  const started = { walls: WALLS.LANDLOCK | WALLS.CALLS, refused };
  expect(await vmmIsolation(process.pid, started)).toMatchObject({
    walls: ['landlock', 'calls'],
    refused: { namespaces: 'none are left', root: 'none are left' },
  });
});

test('the bounds of its control group are those that the kernel has', async () => {
  const path = mkdtempSync(join(tmpdir(), 'group-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  writeFileSync(join(path, 'memory.max'), '1627389952\n');
  writeFileSync(join(path, 'pids.max'), 'max\n');
  const group = { path, controllers: ['memory', 'pids'] };
  const isolation = await vmmIsolation(process.pid, { walls: WALLS.CGROUP, refused: [], group });
  expect(isolation).toMatchObject({
    walls: ['cgroup'],
    group: { ...group, memoryBytes: 1_627_389_952, tasks: undefined },
  });
});
