import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { ShimClient } from '../../src/agent/client.js';
import { MachineRun } from '../../src/engine/machine/run.js';
import type { ShimStart } from '../../src/engine/machine/shim-process.js';
import {
  BOX,
  BUILD_TIMEOUT_MS,
  buildShim,
  DESCRIPTORS,
  FAKE_VMM,
  ShimHarness,
} from './shim/shim-harness.js';

beforeAll(buildShim, BUILD_TIMEOUT_MS);

function startOf({ directory, root }: ShimHarness): ShimStart {
  return {
    box: BOX,
    name: 'web',
    directory,
    ids: undefined,
    walls: { wanted: 0, needed: 0 }, // the fake reaches the test by a path
    plan: {
      machine: { cpus: 1, memoryMib: 64, accelerator: 'tcg' },
      argv: [FAKE_VMM, String(DESCRIPTORS.port), String(DESCRIPTORS.console), `${root}/vmm.sock`],
      env: [],
      readable: [],
      files: [],
      qmpFd: DESCRIPTORS.qmp,
      portFd: DESCRIPTORS.port,
      consoleFd: DESCRIPTORS.console,
      shares: { fd: DESCRIPTORS.share, entries: [] },
      preload: false,
    },
  };
}

/** The names of this process's descendants that are shims or VMMs. */
function runningMachines(): string[] {
  return descendants(process.pid).filter((name) => /^(boxlite-shim|fake-vmm)$/.test(name));
}

function descendants(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
    .filter((child) => child !== '')
    .flatMap((child) => [nameOf(child), ...descendants(Number(child))]);
}

const nameOf = (pid: string): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();

test.each([
  ['fails', () => Promise.reject(new Error('no answer')), 'no answer'],
  ['finds nobody', () => Promise.resolve(null), 'the shim of box web is gone'],
])('a start whose connection %s leaves neither VMM nor shim', async (_, connect, message) => {
  await using harness = await ShimHarness.make();
  let running: string[] = [];
  const spy = vi.spyOn(ShimClient, 'connect').mockImplementation(() => {
    running = runningMachines();
    return connect();
  });
  onTestFinished(() => spy.mockRestore());
  await expect(MachineRun.start(startOf(harness))).rejects.toThrow(message);
  expect(running).toEqual(['boxlite-shim', 'fake-vmm']);
  expect(runningMachines()).toEqual([]);
});

test('a machine that its signal has killed can no longer be kept', async () => {
  await using harness = await ShimHarness.make();
  const controller = new AbortController();
  const cancellation = { signal: controller.signal, what: 'the start of box web' };
  await using machine = await MachineRun.start(startOf(harness), cancellation);
  controller.abort();
  const cancelled = { code: 'cancelled', message: 'the start of box web was cancelled' };
  expect(() => machine.ignoreSignal()).toThrow(expect.objectContaining(cancelled) as Error);
  expect(await machine.failure(new Error('the VMM ended'))).toMatchObject(cancelled);
  expect(runningMachines()).not.toContain('fake-vmm');
});

test('a machine that is disposed of has ended', async () => {
  await using harness = await ShimHarness.make();
  {
    await using machine = await MachineRun.start(startOf(harness));
    expect(machine.client.box).toBe(BOX);
    expect(runningMachines()).toContain('fake-vmm');
  }
  expect(runningMachines()).not.toContain('fake-vmm');
});
