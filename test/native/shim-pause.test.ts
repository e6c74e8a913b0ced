import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { SHIM_PHASES } from '../../src/agent/protocol.js';
import { BUILD_TIMEOUT_MS, buildShim, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

async function vmmOf(harness: ShimHarness): Promise<number> {
  return Number((await harness.record('started')).vmmPid);
}

const stateOf = (pid: number): string | undefined =>
  /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];

describe('pause', () => {
  test('is answered when the VMM stands still, to every client', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running();
    const other = await harness.client();
    const vmm = await vmmOf(harness);
    client.raw('pause', 0, '');
    for (const each of [client, other])
      expect(await each.expect('welcome', 0)).toMatchObject({ phase: SHIM_PHASES.PAUSED });
    expect(stateOf(vmm)).toBe('T');
    client.raw('resume', 0, '');
    for (const each of [client, other])
      expect(await each.expect('welcome', 0)).toMatchObject({ phase: SHIM_PHASES.RUNNING });
    expect(stateOf(vmm)).not.toBe('T');
  });

  test('is told to those who come later', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running();
    client.raw('pause', 0, '');
    await client.expect('welcome', 0);
    // The harness has already read this client's welcome, so a second pause asks for the phase.
    const late = await harness.client();
    late.raw('pause', 0, '');
    expect(await late.expect('welcome', 0)).toMatchObject({ phase: SHIM_PHASES.PAUSED });
  });

  test('of a VMM that somebody else has stopped is told as well', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running();
    const vmm = await vmmOf(harness);
    process.kill(vmm, 'SIGSTOP');
    expect(await client.expect('welcome', 0)).toMatchObject({ phase: SHIM_PHASES.PAUSED });
    process.kill(vmm, 'SIGCONT');
    expect(await client.expect('welcome', 0)).toMatchObject({ phase: SHIM_PHASES.RUNNING });
  });

  test('keeps what comes for the guest until it goes on', async () => {
    await using harness = await ShimHarness.make();
    const { guest, client } = await harness.running();
    client.raw('pause', 0, '');
    await client.expect('welcome', 0);
    client.send('signal', 1, { signal: 10 });
    client.raw('resume', 0, '');
    expect(await guest.expect('signal', 1)).toEqual({ signal: 10 });
  });

  test('is refused before the command runs and after it has ended', async () => {
    await using harness = await ShimHarness.make();
    const { guest } = await harness.start();
    const early = await harness.client();
    early.raw('pause', 0, '');
    expect(await early.expect('refused', 0)).toMatchObject({ errno: 108 });
    guest.close();
    await using second = await ShimHarness.make();
    const running = await second.running();
    running.guest.send('exited', 1, EXITED_0);
    await running.client.expect('exited', 1);
    running.client.raw('resume', 0, '');
    expect(await running.client.expect('refused', 0)).toMatchObject({ errno: 108 });
  });

  test('does not keep a VMM from being killed', async () => {
    await using harness = await ShimHarness.make();
    const { shim, client } = await harness.running();
    client.raw('pause', 0, '');
    await client.expect('welcome', 0);
    client.raw('killVmm', 0, '');
    await client.expectRaw('gone', 0);
    await shim.exited;
    expect(await harness.record('exit')).toMatchObject({ code: 137, reason: 'killed' });
  });

  test('ends with SIGTERM, so that the guest can shut down', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest, client } = await harness.running();
    client.raw('pause', 0, '');
    await client.expect('welcome', 0);
    shim.child.kill('SIGTERM');
    await guest.expect('shutdown', 0);
    guest.send('exited', 1, { code: 143, signal: 15, flags: 0 });
    guest.end();
    await shim.exited;
    expect(await harness.record('exit')).toMatchObject({ code: 143, reason: 'exited' });
  });
});

describe('a time limit', () => {
  test('that the guest does not keep is kept by the shim', async () => {
    await using harness = await ShimHarness.make();
    const { shim } = await harness.running({ timeoutMs: 1 });
    await shim.exited; // seven seconds later
    expect(await harness.record('exit')).toMatchObject({
      ...{ code: 137, signal: 9, timedOut: true, reason: 'killed' },
    });
  });

  test('does not count for a VMM that dies before', async () => {
    await using harness = await ShimHarness.make();
    const { shim } = await harness.running({ timeoutMs: 60_000 });
    process.kill(await vmmOf(harness), 'SIGKILL');
    await shim.exited;
    expect(await harness.record('exit')).toMatchObject({ timedOut: false, reason: 'vmm-died' });
  });
});
