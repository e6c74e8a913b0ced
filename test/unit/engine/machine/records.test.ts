import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  bootError,
  diskIsTaken,
  exitRecord,
  portsRecord,
  refusedPort,
  startedRecord,
  vmmFailure,
} from '../../../../src/engine/machine/records.js';
import { BOX_ID, leaveFacts, temporaryHome } from '../engine-fixture.js';

const AT = '2026-11-05T10:20:30.123456789Z';
const AT_MS = Date.UTC(2026, 10, 5, 10, 20, 30, 123);

const DAMAGED = [
  ['an empty file', ''],
  ['half a file', '{"at":"2026-11-0'],
  ['not an object', 'null'],
  ['an array', '[]'],
  ['fields of other types', '{"at":5,"code":"0","signal":[],"shimPid":"1","stage":{},"oom":"yes"}'],
  ['numbers that are none', '{"code":1e999,"signal":1.5,"shimPid":1e999,"vmmPid":-1e999}'],
] as const;

test('facts that nobody has left are undefined', async () => {
  const home = temporaryHome();
  const missing = home.box(BOX_ID);
  expect(await Promise.all([startedRecord(missing), exitRecord(missing)])).toEqual([
    undefined,
    undefined,
  ]);
  expect(await bootError(missing, BOX_ID)).toBeUndefined();
});

test('facts of a box whose directory is a file are undefined', async () => {
  const directory = temporaryHome().box(BOX_ID);
  mkdirSync(dirname(directory), { recursive: true });
  writeFileSync(directory, '');
  expect(await exitRecord(directory)).toBeUndefined();
});

test('a fact that is a directory is an error that names it', async () => {
  const home = temporaryHome();
  mkdirSync(home.boxFile(BOX_ID, 'exit'), { recursive: true });
  await expect(exitRecord(home.box(BOX_ID))).rejects.toMatchObject({
    code: 'host-io',
    message: expect.stringContaining(`read ${home.boxFile(BOX_ID, 'exit')}`) as string,
  });
});

describe('published ports', () => {
  const PORT = { protocol: 'udp', hostAddress: '::1', hostPort: 49_153, boxPort: 53 };

  test('are those that were bound', async () => {
    expect(await portsRecord(withFact('ports', { ports: [PORT] }))).toEqual([PORT]);
    expect(await portsRecord(temporaryHome().box(BOX_ID))).toEqual([]);
  });

  test.each([...DAMAGED, ['no list', '{"ports":{}}'] as const])(
    'are none in %s',
    async (_, fact) => {
      expect(await portsRecord(withFact('ports', fact))).toEqual([]);
    },
  );

  test('that are damaged are no ports', async () => {
    const nothing = { protocol: 'tcp', hostAddress: '', hostPort: 0, boxPort: 0 };
    const damaged = { ports: [null, { protocol: 7, hostPort: '80' }] };
    expect(await portsRecord(withFact('ports', damaged))).toEqual([nothing, nothing]);
  });

  test.each([
    ['127.0.0.1:8080/tcp', { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080 }],
    ['[::1]:53/udp', { protocol: 'udp', hostAddress: '::1', hostPort: 53 }],
  ])('%s that is in use is the one that the host refused', async (port, refused) => {
    const message = `listen on ${port}: Address already in use`;
    const fact = { stage: 'network', errno: 98, message };
    expect(await refusedPort(withFact('bootError', fact))).toEqual({
      ...refused,
      errno: 'EADDRINUSE',
      reason: 'Address already in use',
    });
  });

  test.each([
    [{ stage: 'vmm', errno: 98, message: 'listen on 127.0.0.1:8080/tcp: Address already in use' }],
    [{ stage: 'network', errno: 1, message: 'bring up eth0: Operation not permitted' }],
    [{}],
  ])('are not what %o is about', async (fact) => {
    expect(await refusedPort(withFact('bootError', fact))).toBeUndefined();
  });
});

test('a start is when, and which processes', async () => {
  const directory = withFact('started', {
    at: AT,
    shimPid: 11,
    shimStartTicks: 5,
    vmmPid: 12,
    bootId: 'x',
    walls: 6,
    refused: [{ wall: 1, reason: 'no \u001bnamespaces' }],
    group: '/sys/fs/cgroup/boxlite/box',
    controllers: 'memory pids',
  });
  expect(await startedRecord(directory)).toEqual({
    atMs: AT_MS,
    shimPid: 11,
    vmmPid: 12,
    shim: { pid: 11, startTicks: 5, bootId: 'x' },
    walls: 6,
    refused: [{ wall: 1, reason: 'no namespaces' }],
    group: { path: '/sys/fs/cgroup/boxlite/box', controllers: ['memory', 'pids'] },
  });
});

test('an end is code, signal, why and when', async () => {
  const fact = { at: AT, code: 137, signal: 9, oom: true, timedOut: false, reason: 'exited' };
  expect(
    await exitRecord(withFact('exit', { ...fact, message: 'w\u001bhy', logComplete: true })),
  ).toEqual({
    atMs: AT_MS,
    code: 137,
    signal: 9,
    oom: true,
    timedOut: false,
    reason: 'exited',
    message: 'why',
    vmmSignal: 0,
  });
});

describe('a damaged file', () => {
  test.each(DAMAGED)('with %s is no start of any known process', async (_what, text) => {
    expect(await startedRecord(withFact('started', text))).toEqual({
      atMs: 0,
      shimPid: 0,
      vmmPid: 0,
      shim: { pid: 0, startTicks: 0, bootId: '' },
      walls: 0,
      refused: [],
    });
  });

  test.each(DAMAGED)('with %s does not read as success', async (_what, text) => {
    expect(await exitRecord(withFact('exit', text))).toEqual({
      atMs: 0,
      code: 137,
      signal: 0,
      oom: false,
      timedOut: false,
      reason: 'unreadable',
      message: '',
      vmmSignal: 0,
    });
  });

  test.each(DAMAGED)('with %s still says that the box did not start', async (_what, text) => {
    expect(await bootError(withFact('bootError', text), 'web')).toMatchObject({
      code: 'boot-failed',
      stage: 'unknown',
      message: 'box web did not start (stage unknown): no reason is known',
    });
  });
});

test.each([
  ['gave up', { stage: 'vmm', vmmEnd: 'exited' }, 'vmm-failed'],
  ['aborted', { stage: 'vmm', vmmEnd: 'aborted' }, 'vmm-failed'],
  ['was killed', { stage: 'vmm', vmmEnd: 'signalled' }, 'boot-failed'],
  ['ended with its guest', { stage: 'agent', vmmEnd: 'exited' }, 'boot-failed'],
  ['was ended on request', { stage: 'vmm', vmmEnd: 'requested' }, undefined],
])('a failed boot whose VMM %s has its own code', async (_what, fact, code) => {
  expect((await bootError(withFact('bootError', fact), 'web'))?.code).toBe(code);
});

test.each([
  ['no memory', 9, /memory is short/],
  ['no page for the machine’s memory', 7, /home is full/],
  ['no fault', 11, undefined],
  ['no signal', 0, undefined],
])('a VMM that the host has killed for %s says what to look at', async (_what, vmmSignal, hint) => {
  const message = `the VMM was killed by signal ${vmmSignal}`;
  const facts = { reason: 'vmm-died', code: 137, vmmSignal, message };
  for (const error of [
    await bootError(withFact('bootError', { stage: 'vmm', vmmEnd: 'signalled', ...facts }), 'web'),
    await vmmFailure(withFact('exit', facts), 'web'),
  ]) {
    expect(error?.message).toContain(message);
    if (hint === undefined) expect(error?.hint).toBeUndefined();
    else expect(error?.hint).toMatch(hint);
  }
});

test('a VMM that its bounds have killed does not blame the host', async () => {
  const facts = {
    reason: 'vmm-died',
    code: 137,
    vmmSignal: 9,
    oom: true,
    message: 'more than 1 MiB',
  };
  for (const error of [
    await bootError(withFact('bootError', { stage: 'vmm', vmmEnd: 'signalled', ...facts }), 'web'),
    await vmmFailure(withFact('exit', facts), 'web'),
  ]) {
    expect(error?.message).toContain('more than 1 MiB');
    expect(error?.hint).toMatch(/^no VMM needs that much/);
  }
});

const NPROC = 'qemu: qemu_thread_create: Resource temporarily unavailable\n';

test.each([
  ['threads', { stage: 'vmm', vmmEnd: 'aborted', vmm: NPROC }, 'EAGAIN'],
  ['threads later on', { stage: 'exec', vmmEnd: 'aborted', vmm: NPROC }, 'EAGAIN'],
  ['memory', { stage: 'vmm', vmmEnd: 'exited', vmm: 'mem0: Cannot allocate memory\n' }, 'ENOMEM'],
  ['descriptors', { stage: 'vmm', vmmEnd: 'exited', vmm: 'x: Too many open files\n' }, 'EMFILE'],
  ['a process', { stage: 'jail', errno: 11, message: 'fork: x' }, 'EAGAIN'],
  ['descriptors for the jail', { stage: 'jail', errno: 24, message: 'x' }, 'EMFILE'],
])(
  'a failed boot for want of %s is the host’s, and says what is short',
  async (_what, fact, errno) => {
    const error = await bootError(withFact('bootError', fact), 'web');
    expect(error).toMatchObject({ code: 'host-limit', stage: fact.stage });
    expect(error?.message).toMatch(new RegExp(`^can't start box web: .* \\(${errno}\\)`));
    expect(error?.hint).toContain('limit');
  },
);

test.each([
  [
    'KVM had none',
    { stage: 'vmm', vmmEnd: 'exited', vmm: 'ioctl(KVM_CREATE_VM): Cannot allocate memory' },
  ],
  ['its guest says so', { stage: 'vmm', vmmEnd: 'exited', console: 'Cannot allocate memory' }],
])('no limit of the host is to blame when %s', async (_what, fact) => {
  expect((await bootError(withFact('bootError', fact), 'web'))?.code).toBe('vmm-failed');
});

test('a failed boot names its stage, and what VMM and console said last', async () => {
  const directory = withFact('bootError', {
    stage: 'kernel',
    errno: 0,
    message: 'the VMM ended with status 1',
    vmm: 'qemu: warning: hub 0 is not connected to host network\nqemu: could not\n',
    console: Array.from({ length: 20 }, (_, line) => `line ${line}\r\n`).join(''),
  });
  const error = await bootError(directory, 'web');
  expect(error).toMatchObject({ code: 'boot-failed', stage: 'kernel' });
  expect(error?.message).toBe(
    [
      'box web did not start (stage kernel): the VMM ended with status 1',
      '  | qemu: could not',
      ...Array.from({ length: 8 }, (_, i) => `  | line ${12 + i}`),
    ].join('\n'),
  );
});

test.each([
  ['moves the cursor', '\u001b[2J\u001b[Hgone', '[2J[Hgone'],
  ['retitles the window', '\u001b]0;root\u0007x', ']0;rootx'],
  ['uses 8-bit controls', '\u009b2Jx', '2Jx'],
  ['rings and overwrites', 'bad\u0007\rgood\b\b', 'badgood'],
  ['turns the reading direction', 'a\u202eb\u2066c\u200bd', 'abcd'],
  ['breaks lines unseen', 'a\u2028b\u2029c\u0085d', 'abcd'],
  ['never ends', 'x'.repeat(100_000), 'x'.repeat(400)],
])('a guest that %s in its last words only prints them', async (_attack, line, printed) => {
  const directory = withFact('bootError', { stage: line, message: line, vmm: line, console: line });
  const error = await bootError(directory, 'web');
  expect(error?.message).toBe(
    `box web did not start (stage ${printed}): ${printed}\n  | ${printed}\n  | ${printed}`,
  );
});

function withFact(
  fact: 'started' | 'exit' | 'bootError' | 'ports',
  content: object | string,
): string {
  const home = temporaryHome();
  leaveFacts(home, { [fact]: content });
  return home.box(BOX_ID);
}

test.each([
  [true, { stage: 'jail', errno: 16, message: 'another virtual machine has /h/disk open' }],
  [false, { stage: 'vmm', errno: 16, message: 'EBUSY' }],
  [false, { stage: 'jail', errno: 2, message: 'open /h/disk: No such file or directory' }],
  [false, 'half a record'],
])('whether a disk is taken is %s for %j', async (expected, bootError) => {
  const home = temporaryHome();
  leaveFacts(home, { bootError });
  expect(await diskIsTaken(home.box(BOX_ID))).toBe(expected);
});
