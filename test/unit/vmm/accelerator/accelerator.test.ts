import * as fs from 'node:fs';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BoxliteError } from '../../../../src/errors.js';
import { knownVerdict, KVM_DEADLINES } from '../../../../src/vmm/accelerator/accelerator.js';
import { temporaryHome } from '../vmm-fixture.js';
import {
  AGAINST,
  ask,
  BOOT_ID,
  boots,
  CURE,
  fails,
  FAULT,
  hangs,
  IDENTITY,
  isNone,
  MINUTE,
  NOW,
  stored,
  told,
  triedBy,
} from './accelerator-fixture.js';

/** Whether this machine has KVM is no matter of these tests, nor which boot it is in, nor who runs them. */
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    openSync: vi.fn(real.openSync),
    statSync: vi.fn(real.statSync),
    readFileSync: vi.fn(real.readFileSync),
  };
});
vi.mock('node:os', async (original) => {
  const real = await original<typeof os>();
  return { ...real, userInfo: vi.fn(real.userInfo) };
});
vi.mock('../../../../src/host/process-identity.js', async (original) => ({
  ...(await original<object>()),
  currentBootId: () => bootId,
}));
const realFs = await vi.importActual<typeof fs>('node:fs');

let files: Record<string, string>;
let bootId: string;
/** Why /dev/kvm does not open. */
let deviceErrno: string | undefined;
let device: { gid: number; mode: number };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  files = {
    '/proc/sys/kernel/overflowgid': '65534\n',
    '/etc/group': 'root:x:0:\nvirtual:x:108:bob,carol\nnogroup:x:65534:\n',
  };
  bootId = BOOT_ID;
  deviceErrno = undefined;
  device = { gid: 108, mode: 0o20660 };
  vi.mocked(fs.openSync).mockImplementation((path, ...others) => {
    if (path !== '/dev/kvm') return realFs.openSync(path, ...others);
    if (deviceErrno === undefined) return realFs.openSync('/dev/null', 'r');
    throw Object.assign(new Error(deviceErrno), { code: deviceErrno });
  });
  vi.mocked(fs.statSync).mockImplementation(((path: string) =>
    path === '/dev/kvm' ? device : realFs.statSync(path)) as never);
  vi.mocked(fs.readFileSync).mockImplementation(
    (path, options) => files[path as string] ?? realFs.readFileSync(path, options),
  );
  vi.mocked(os.userInfo).mockReturnValue({ username: 'alice' } as never);
});
afterEach(() => {
  vi.useRealTimers();
});

test('emulation that was asked for tries nothing', async () => {
  const asked = ask(temporaryHome(), { choice: 'tcg' });
  expect(await asked.answer).toEqual({ name: 'tcg', reason: 'asked for' });
  expect(asked.tried).toEqual([]);
});

test.each(['auto', 'kvm'] as const)('%s takes a KVM that boots', async (choice) => {
  const asked = ask(temporaryHome(), { choice, tryKvm: boots });
  expect(await asked.answer).toEqual({ name: 'kvm', reason: 'KVM boots' });
  expect(asked.tried).toEqual([KVM_DEADLINES]);
  expect(asked.notices).toEqual(['trying whether KVM works here']);
});

test('a KVM that opens and runs nothing is passed over, with the reason', async () => {
  const asked = ask(temporaryHome(), { tryKvm: hangs });
  expect(await asked.answer).toEqual(AGAINST);
  expect(asked.notices).toEqual([
    'trying whether KVM works here',
    `boxes run by emulation: ${FAULT}`,
  ]);
});

test('a KVM that was insisted on and runs nothing is an error', async () => {
  const asked = ask(temporaryHome(), { choice: 'kvm', tryKvm: hangs });
  await expect(asked.answer).rejects.toMatchObject({
    code: 'accelerator',
    message: `KVM does not work on this machine: ${FAULT}`,
    hint: `run by emulation with --accel auto; or ${CURE}`,
  });
  expect(asked.notices).toEqual(['trying whether KVM works here']);
});

describe('a verdict', () => {
  test.each([
    ['for', boots, { name: 'kvm', reason: 'KVM boots' }, { works: true, reason: 'KVM boots' }],
    [
      'against',
      hangs,
      AGAINST,
      {
        works: false,
        reason: FAULT,
        cure: CURE,
        remedy: { action: 'doctor' },
        untilMs: NOW + 10 * MINUTE,
      },
    ],
  ] as const)('%s KVM is remembered, and told once', async (_what, tryKvm, answer, verdict) => {
    const home = temporaryHome();
    await ask(home, { tryKvm }).answer;
    const again = ask(home, { tryKvm });
    expect(await again.answer).toEqual(answer);
    expect([again.tried, again.notices]).toEqual([[], []]);
    expect(await knownVerdict(home, IDENTITY)).toEqual({ ...verdict, triedAtMs: NOW });
    expect(readdirSync(home.root)).toEqual(['accelerators.json']);
  });

  test('of a forced KVM is remembered for auto, too', async () => {
    const home = temporaryHome();
    await ask(home, { choice: 'kvm', tryKvm: hangs }).answer.catch(() => undefined);
    const again = ask(home, {});
    expect(await again.answer).toEqual(AGAINST);
    expect(again.tried).toEqual([]);
  });

  test('against KVM is no answer to who insists on it', async () => {
    const home = temporaryHome();
    await ask(home, { tryKvm: isNone }).answer;
    const again = ask(home, { choice: 'kvm', tryKvm: boots });
    expect(await again.answer).toEqual({ name: 'kvm', reason: 'KVM boots' });
    expect(again.tried).toHaveLength(1);
    expect(await ask(home, {}).answer).toMatchObject({ name: 'kvm' });
  });

  test.each([
    ['for', boots, isNone, { name: 'tcg' }],
    ['against', isNone, boots, { name: 'kvm' }],
  ] as const)('%s KVM is none for who wants it tried anew', async (_what, then, now, answer) => {
    const home = temporaryHome();
    await ask(home, { tryKvm: then }).answer;
    const anew = ask(home, { recheck: true, tryKvm: now });
    expect(await anew.answer).toMatchObject(answer);
    // Whoever asks so tells the answer.
    expect(anew.notices).toEqual([]);
    expect(await ask(home, {}).answer).toMatchObject(answer);
  });

  test.each([
    ['a deadline', hangs],
    ['another hypervisor', fails('vmm-failed', 'kvm: Device or resource busy')],
    ['a want of memory', fails('vmm-failed', 'kvm: Cannot allocate memory')],
    ['a kill', fails('boot-failed', 'the VMM was killed by signal 9')],
  ])('by %s is doubted after a while, ever more seldom', async (_what, tryKvm) => {
    const home = temporaryHome();
    await ask(home, { tryKvm }).answer;
    for (const minutes of [10, 20, 40]) {
      vi.setSystemTime(Date.now() + minutes * MINUTE - 1);
      expect(await triedBy(home, tryKvm)).toBe(0);
      vi.setSystemTime(Date.now() + 1);
      expect(await triedBy(home, tryKvm)).toBe(1);
    }
    for (let count = 0; count < 10; count++) {
      vi.setSystemTime(Date.now() + 24 * 60 * MINUTE);
      expect(await triedBy(home, tryKvm)).toBe(1);
    }
  });

  test('that is confirmed before its time is not kept longer for that', async () => {
    const home = temporaryHome();
    for (let count = 0; count < 3; count++)
      await ask(home, { recheck: true, tryKvm: hangs }).answer;
    expect(await knownVerdict(home, IDENTITY)).toMatchObject({ untilMs: NOW + 10 * MINUTE });
  });

  test('by a VMM that gave up holds until the host restarts', async () => {
    const home = temporaryHome();
    await ask(home, { tryKvm: isNone }).answer;
    vi.setSystemTime(NOW + 1000 * 24 * 60 * MINUTE);
    expect(await triedBy(home, boots)).toBe(0);
    bootId = '99999999-2222-3333-4444-555555555555';
    expect(await triedBy(home, boots)).toBe(1);
  });

  test('of the future is doubted: the clock was set back', async () => {
    const home = temporaryHome();
    await ask(home, { tryKvm: hangs }).answer;
    vi.setSystemTime(NOW - 1);
    expect(await triedBy(home, boots)).toBe(1);
  });

  test.each([
    ['another QEMU', { vmmBuild: 'qemu 7.2 build 2' }],
    ['another kernel', { assetsDigest: 'abd' }],
  ])('does not hold for %s', async (_what, change) => {
    const home = temporaryHome();
    await ask(home, { tryKvm: hangs }).answer;
    const identity = { ...IDENTITY, ...change };
    expect(await knownVerdict(home, identity)).toBeUndefined();
    const again = ask(home, { tryKvm: boots, identity });
    expect(await again.answer).toMatchObject({ name: 'kvm' });
  });

  test.each([
    ['empty', ''],
    ['cut off', '{"works":tr'],
    ['null', 'null'],
    ['a list', '[]'],
    ['without a reason', JSON.stringify({ works: true, triedAtMs: NOW, ...stored() })],
    ['without a time', JSON.stringify({ works: true, reason: 'KVM boots', ...stored() })],
    ['of another type', JSON.stringify({ works: 'yes', reason: 'x', triedAtMs: 1, ...stored() })],
  ])('that is %s is asked for again', async (_what, text) => {
    const home = temporaryHome();
    mkdirSync(home.root);
    writeFileSync(home.accelerators(), text);
    expect(await knownVerdict(home, IDENTITY)).toBeUndefined();
    expect(await ask(home, { tryKvm: boots }).answer).toMatchObject({ name: 'kvm' });
    expect(JSON.parse(readFileSync(home.accelerators(), 'utf8'))).toEqual({
      ...{ works: true, reason: 'KVM boots', triedAtMs: NOW },
      ...stored(),
    });
  });

  test('that can’t be stored is an error that names the file', async () => {
    const home = temporaryHome();
    writeFileSync(home.root, '');
    await expect(ask(home, { tryKvm: boots }).answer).rejects.toMatchObject({
      code: 'host-io',
      message: expect.stringContaining(home.root) as string,
    });
  });
});

test.each(['auto', 'kvm'] as const)('of many who ask at once for %s one tries', async (choice) => {
  const home = temporaryHome();
  const asked = Array.from({ length: 5 }, () => ask(home, { choice, tryKvm: hangs }));
  const answers = await Promise.allSettled(asked.map(({ answer }) => answer));
  expect(asked.flatMap(({ tried }) => tried)).toHaveLength(1);
  const status = choice === 'auto' ? 'fulfilled' : 'rejected';
  expect(answers.map((each) => each.status)).toEqual(answers.map(() => status));
});

test.each([
  ['no space', new BoxliteError('no-space', 'no space left on the host')],
  ['a missing program', new BoxliteError('setup-needed', 'boxlite-shim is not built')],
  ['a jail', new BoxliteError('boot-failed', 'no user for the VMM', { stage: 'jail' })],
  ['a bug', new TypeError('x is not a function')],
])('%s is not remembered as KVM’s fault', async (_what, error) => {
  const home = temporaryHome();
  const asked = ask(home, { tryKvm: () => Promise.reject(error) });
  await expect(asked.answer).rejects.toBe(error);
  expect(await knownVerdict(home, IDENTITY)).toBeUndefined();
  expect(await ask(home, { tryKvm: boots }).answer).toMatchObject({ name: 'kvm' });
});

test.each([
  ['ENOENT', 'there is no /dev/kvm'],
  ['ENODEV', "/dev/kvm can't be opened (ENODEV)"],
  ['EPERM', "/dev/kvm can't be opened (EPERM)"],
])('a device that fails with %s is neither tried nor remembered', async (errno, reason) => {
  deviceErrno = errno;
  const home = temporaryHome();
  const asked = ask(home, {});
  expect(await asked.answer).toEqual({ name: 'tcg', reason });
  expect([asked.tried, asked.notices]).toEqual([[], []]);
  expect(await knownVerdict(home, undefined)).toEqual({ works: false, reason });
  await expect(ask(home, { choice: 'kvm' }).answer).rejects.toMatchObject({
    code: 'accelerator',
    message: `KVM does not work on this machine: ${reason}`,
    hint: 'run by emulation with --accel auto',
  });
  deviceErrno = undefined;
  expect(await knownVerdict(home, undefined)).toBeUndefined();
});

describe('a device that this user may not open', () => {
  const REASON = '/dev/kvm is for the group virtual, which alice is not in';
  const USERMOD = 'sudo usermod -aG virtual alice, then log in again';
  const SETFACL = 'sudo setfacl -m u:alice:rw /dev/kvm, which holds until the host restarts';
  beforeEach(() => {
    deviceErrno = 'EACCES';
  });

  test('is told of once for each boot of the host, by auto alone', async () => {
    const home = temporaryHome();
    for (const question of [{ choice: 'tcg' as const }, { recheck: true }])
      expect((await told(home, question)).notices).toEqual([]);
    const notice = `boxes run by emulation, which is slower: ${REASON}; to allow KVM: ${USERMOD}`;
    expect((await told(home, {})).notices).toEqual([notice]);
    expect((await told(home, {})).notices).toEqual([]);
    bootId = '99999999-2222-3333-4444-555555555555';
    expect((await told(home, {})).notices).toEqual([notice]);
    // What had been tried is known still.
    deviceErrno = undefined;
    await ask(home, { tryKvm: isNone }).answer;
    deviceErrno = 'EACCES';
    await ask(home, {}).answer;
    deviceErrno = undefined;
    expect(await triedBy(home, boots)).toBe(0);
  });

  test('names the cure to who insists on it', async () => {
    await expect(ask(temporaryHome(), { choice: 'kvm' }).answer).rejects.toMatchObject({
      message: `KVM does not work on this machine: ${REASON}`,
      hint: `run by emulation with --accel auto; or ${USERMOD}`,
    });
  });

  test.each([
    ['its own group', {}, 'alice', REASON, USERMOD],
    ['one that the user has just joined', {}, 'carol', 'has joined since this login', 'log out'],
    ['root’s', { gid: 0 }, 'alice', '/dev/kvm may not be opened by alice', SETFACL],
    ['one that may not open it', { mode: 0o20640 }, 'alice', 'not be opened by alice', SETFACL],
    ['one without a name', { gid: 4242 }, 'alice', 'not be opened by alice', SETFACL],
    ['one of outside the container', { gid: 65534 }, 'alice', 'this container', 'keep-groups'],
  ])('is given by %s', async (_what, change, user, reason, cure) => {
    Object.assign(device, change);
    vi.mocked(os.userInfo).mockReturnValue({ username: user } as never);
    expect(await ask(temporaryHome(), { recheck: true }).answer).toMatchObject({
      name: 'tcg',
      reason: expect.stringContaining(reason) as string,
      cure: expect.stringContaining(cure) as string,
    });
  });

  test('is given by number to a user without a name', async () => {
    vi.mocked(os.userInfo).mockImplementation(() => {
      throw new Error('ENOENT');
    });
    const { cure } = await ask(temporaryHome(), { recheck: true }).answer;
    expect(cure).toContain(`sudo setfacl -m u:${process.getuid?.()}:rw /dev/kvm`);
  });
});
