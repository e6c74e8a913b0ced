import { expect, test } from 'vitest';
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
    ...{ user: undefined, namespaces: [], walls: [], refused: {} },
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
