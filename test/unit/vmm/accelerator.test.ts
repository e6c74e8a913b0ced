import * as fs from 'node:fs';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BoxliteError } from '../../../src/errors.js';
import type { Home } from '../../../src/home.js';
import {
  chooseAccelerator,
  KVM_DEADLINES,
  knownVerdict,
  type Accelerator,
  type TryKvm,
} from '../../../src/vmm/accelerator.js';
import { temporaryHome } from './vmm-fixture.js';

const IDENTITY = { vmmBuild: 'qemu 7.2 build 1', assetsDigest: 'abc' };
const BOOT_ID = '11111111-2222-3333-4444-555555555555\n';

/** Whether this machine has KVM is no matter of these tests, nor which boot it is in. */
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    accessSync: vi.fn(real.accessSync),
    readFileSync: vi.fn(real.readFileSync),
  };
});
const realFs = await vi.importActual<typeof fs>('node:fs');
let bootId = BOOT_ID;

beforeEach(() => {
  bootId = BOOT_ID;
  vi.mocked(fs.accessSync).mockReset().mockReturnValue(undefined);
  vi.mocked(fs.readFileSync)
    .mockReset()
    .mockImplementation((path, options) =>
      path === '/proc/sys/kernel/random/boot_id' ? bootId : realFs.readFileSync(path, options),
    );
});

const boots: TryKvm = () => Promise.resolve();
const hangs: TryKvm = () =>
  Promise.reject(
    new BoxliteError(
      'boot-failed',
      'the kernel gave no sign of life within 5 s\n  | qemu: KVM internal error',
      { stage: 'kernel' },
    ),
  );
const FAULT =
  '/dev/kvm opens, but no machine boots with it ' +
  '(the kernel gave no sign of life within 5 s; qemu: KVM internal error)';

test('emulation that was asked for tries nothing', async () => {
  const home = temporaryHome();
  const asked = ask(home, { choice: 'tcg' });
  expect(await asked.answer).toEqual({ name: 'tcg', reason: 'asked for' });
  expect(asked.tried).toEqual([]);
});

test.each(['auto', 'kvm'] as const)('%s takes a KVM that boots', async (choice) => {
  const asked = ask(temporaryHome(), { choice, tryKvm: boots });
  expect(await asked.answer).toEqual({ name: 'kvm', reason: 'KVM boots' });
  expect(asked.tried).toEqual([KVM_DEADLINES]);
  expect(asked.notices).toEqual(['trying whether KVM boots here (once)']);
});

test('a KVM that opens and does not boot is passed over, with the reason', async () => {
  const asked = ask(temporaryHome(), { tryKvm: hangs });
  expect(await asked.answer).toEqual({ name: 'tcg', reason: FAULT });
  expect(asked.notices).toEqual([
    'trying whether KVM boots here (once)',
    `boxes run by emulation: ${FAULT}`,
  ]);
});

test('a KVM that was insisted on and does not boot is an error', async () => {
  await expect(ask(temporaryHome(), { choice: 'kvm', tryKvm: hangs }).answer).rejects.toMatchObject(
    {
      code: 'accelerator',
      message: `KVM does not work on this machine: ${FAULT}`,
      hint: 'leave out --accel kvm to run by emulation',
    },
  );
});

describe('a verdict', () => {
  test.each([
    ['for', boots, { name: 'kvm', reason: 'KVM boots' }],
    ['against', hangs, { name: 'tcg', reason: FAULT }],
  ] as const)('%s KVM is remembered, and told once', async (_what, tryKvm, verdict) => {
    const home = temporaryHome();
    await ask(home, { tryKvm }).answer;
    const again = ask(home, { tryKvm });
    expect(await again.answer).toEqual(verdict);
    expect([again.tried, again.notices]).toEqual([[], []]);
    expect(await knownVerdict(home, IDENTITY)).toEqual({
      works: verdict.name === 'kvm',
      reason: verdict.reason,
    });
    expect(readdirSync(home.root)).toEqual(['accelerators.json']);
  });

  test('of a forced KVM is remembered for auto, too', async () => {
    const home = temporaryHome();
    await ask(home, { choice: 'kvm', tryKvm: hangs }).answer.catch(() => undefined);
    const again = ask(home, {});
    expect(await again.answer).toEqual({ name: 'tcg', reason: FAULT });
    expect(again.tried).toEqual([]);
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

  test('does not hold for another boot of the host', async () => {
    const home = temporaryHome();
    await ask(home, { tryKvm: hangs }).answer;
    bootId = '99999999-2222-3333-4444-555555555555\n';
    expect(await knownVerdict(home, IDENTITY)).toBeUndefined();
    const again = ask(home, { tryKvm: boots });
    expect(await again.answer).toMatchObject({ name: 'kvm' });
    expect(again.tried).toHaveLength(1);
  });

  test.each([
    ['empty', ''],
    ['cut off', '{"works":tr'],
    ['null', 'null'],
    ['a list', '[]'],
    ['without a reason', JSON.stringify({ works: true, ...stored() })],
    ['of another type', JSON.stringify({ works: 'yes', reason: 'x', ...stored() })],
  ])('that is %s is asked for again', async (_what, text) => {
    const home = temporaryHome();
    mkdirSync(home.root);
    writeFileSync(home.accelerators(), text);
    expect(await knownVerdict(home, IDENTITY)).toBeUndefined();
    expect(await ask(home, { tryKvm: boots }).answer).toMatchObject({ name: 'kvm' });
    expect(JSON.parse(readFileSync(home.accelerators(), 'utf8'))).toEqual({
      works: true,
      reason: 'KVM boots',
      ...stored(),
    });
  });

  test('that can’t be stored is an error that names the file', async () => {
    const home = temporaryHome();
    writeFileSync(home.root, '');
    await expect(ask(home, { tryKvm: boots }).answer).rejects.toMatchObject({
      code: 'permission',
      message: expect.stringContaining(home.root) as string,
    });
  });
});

test.each([
  ['no space', new BoxliteError('no-space', 'no space left on the host')],
  ['a missing program', new BoxliteError('setup-needed', 'boxlite-shim is not built')],
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
  ['EACCES', '/dev/kvm is not accessible to this user (is it in the group kvm?)'],
])('a device that fails with %s is neither tried nor remembered', async (code, reason) => {
  vi.mocked(fs.accessSync).mockImplementation(() => {
    throw Object.assign(new Error(code), { code });
  });
  const home = temporaryHome();
  const asked = ask(home, {});
  expect(await asked.answer).toEqual({ name: 'tcg', reason });
  expect([asked.tried, asked.notices]).toEqual([[], []]);
  expect(await knownVerdict(home, IDENTITY)).toEqual({ works: false, reason });
  await expect(ask(home, { choice: 'kvm' }).answer).rejects.toMatchObject({
    code: 'accelerator',
    message: `KVM does not work on this machine: ${reason}`,
  });
  vi.mocked(fs.accessSync).mockReturnValue(undefined);
  expect(await knownVerdict(home, IDENTITY)).toBeUndefined();
});

interface Asked {
  answer: Promise<Accelerator>;
  /** The deadlines of each try. */
  tried: unknown[];
  notices: string[];
}

function ask(
  home: Home,
  { choice = 'auto' as 'auto' | 'kvm' | 'tcg', tryKvm = boots, identity = IDENTITY },
): Asked {
  const tried: unknown[] = [];
  const notices: string[] = [];
  const counted: TryKvm = (deadlines) => {
    tried.push(deadlines);
    return tryKvm(deadlines);
  };
  const notice = (message: string): void => void notices.push(message);
  return { answer: chooseAccelerator(home, choice, identity, counted, notice), tried, notices };
}

function stored(): object {
  return { ...IDENTITY, bootId: BOOT_ID.trim() };
}
