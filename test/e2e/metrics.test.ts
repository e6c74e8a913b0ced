import { describe, expect, it } from 'vitest';
import { BoxCommand, BoxliteRuntime } from '../../src/index.js';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
const MIB = 2 ** 20;

const open = (): BoxliteRuntime => new BoxliteRuntime({ homeDir: home.path });

describe('the metrics of a box', () => {
  it('tell guest and host apart, and both are true', async () => {
    await using runtime = open();
    const box = await runtime.create({ idle: true, memoryMib: 512 }, 'measured');
    expect(await box.metrics()).toMatchObject({
      cpuPercent: undefined,
      memoryBytes: undefined,
      memoryLimitBytes: 512 * MIB,
      guest: undefined,
      host: undefined,
      start: undefined,
    });
    await box.start();
    const before = await box.metrics();
    expect(before.guest?.memoryTotalBytes).toBeGreaterThan(350 * MIB);
    expect(before.guest?.memoryTotalBytes).toBeLessThan(512 * MIB);
    expect(before.host?.vmm.pid).toBe((await box.info()).pid);
    expect(before.host?.vmm.pssBytes).toBeLessThanOrEqual(before.host?.vmm.rssBytes ?? 0);
    expect(before.host?.shim?.pssBytes).toBeLessThan(4 * MIB);

    // 40 MiB used in the box show up in the guest's figures and in the host's.
    const fill = 'dd if=/dev/urandom of=/dev/shm/x bs=1M count=40 2>/dev/null';
    const filled = await box.exec(new BoxCommand('sh').args(['-c', fill]));
    expect((await filled.wait()).exitCode).toBe(0);
    const full = await box.metrics();
    expect((full.memoryBytes ?? 0) - (before.memoryBytes ?? 0)).toBeGreaterThan(38 * MIB);
    expect(full.memoryPercent).toBeCloseTo(((full.memoryBytes ?? 0) / (512 * MIB)) * 100);
    expect((full.host?.vmm.pssBytes ?? 0) - (before.host?.vmm.pssBytes ?? 0)).toBeGreaterThan(
      30 * MIB,
    );
    expect(full.guest?.cpuMs).toBeGreaterThan(before.guest?.cpuMs ?? Infinity);
    expect(full.host?.vmm.cpuMs).toBeGreaterThan(before.host?.vmm.cpuMs ?? Infinity);
    await box.stop();
    await runtime.remove('measured');
  });

  it('see a busy loop, what it writes, and its processes', async () => {
    await using runtime = open();
    const box = await runtime.create({ idle: true }, 'busy');
    await box.start();
    const idle = await box.metrics();
    const script = 'dd if=/dev/urandom of=/x bs=1M count=8; sync; while :; do :; done & wait';
    await box.execDetached(new BoxCommand('sh').args(['-c', script]));
    // The loop, and the shell that waits for it.
    const shells = async (): Promise<number> =>
      (await box.processes()).filter(({ command }) => command[0] === 'sh').length;
    await lookUntil(shells, (count) => count === 2);
    await using sampler = box.sampleMetrics();
    const busy = await lookUntil(
      () => sampler.after(200),
      ({ cpuPercent = 0, blockBytesWritten = 0 }) =>
        cpuPercent > 50 && blockBytesWritten >= 8 * MIB,
    );
    expect(busy.host?.cpuPercent).toBeGreaterThan(0);
    expect(busy.guest?.processes).toBe((idle.guest?.processes ?? 0) + 2);
    expect(busy.guest?.threads).toBeGreaterThanOrEqual(busy.guest?.processes ?? Infinity);
    await runtime.remove('busy', { force: true });
  });

  it('carry each stage of the last start, of a template as of a boot', async () => {
    await using runtime = open();
    const box = await runtime.create({ idle: true }, 'stages');
    await box.start();
    const { start, guestBootDurationMs } = await box.metrics({ intervalMs: 0 });
    const { totalMs = 0, guest, ...stages } = start ?? {};
    const names = ['prepareMs', 'shimMs', 'vmmMs', 'restoreMs', 'bootstrapMs', 'execMs'];
    expect(Object.keys(stages)).toEqual(names);
    const sum = Object.values(stages).reduce((all, each) => all + each, 0);
    expect(sum).toBeCloseTo(totalMs, 0);
    expect(Object.keys(guest ?? {})).toEqual(['identityMs', 'disksMs', 'networkMs']);
    expect(guestBootDurationMs).toBeGreaterThan(0);
    await box.stop();
    await box.start({ cold: true });
    const cold = await box.metrics({ intervalMs: 0 });
    expect(cold.guestBootDurationMs).toBe(cold.start?.bootMs);
    expect(cold.start).not.toHaveProperty('restoreMs');
    await runtime.remove('stages', { force: true });
  });
});

describe('counters', () => {
  it('survive the CLI and the boxes they count', async () => {
    await using runtime = open();
    const before = await runtime.metrics();
    await home.ok(['run', '-d', '--name', 'counted', 'busybox', 'sleep', '600']);
    await home.ok(['exec', 'counted', 'true']);
    await home.ok(['exec', '-d', 'counted', 'true']);
    expect((await home.boxlite(['exec', 'counted', '/no/such'])).status).toBe(127);
    const box = await runtime.get('counted');
    expect(await box?.metrics({ intervalMs: 0 })).toMatchObject({
      commandsExecutedTotal: 2,
      execErrorsTotal: 1,
    });
    expect((await home.boxlite(['run', '--name', 'failed', 'busybox', '/no/such'])).status).toBe(
      127,
    );
    expect((await runtime.metrics()).numRunningBoxes).toBe(before.numRunningBoxes + 1);
    await home.ok(['stop', '-t', '0', 'counted']);
    await home.ok(['rm', 'counted', 'failed']);
    expect(await runtime.metrics()).toEqual({
      boxesCreatedTotal: before.boxesCreatedTotal + 2,
      boxesFailedTotal: before.boxesFailedTotal + 1,
      boxesStoppedTotal: before.boxesStoppedTotal + 1,
      numRunningBoxes: before.numRunningBoxes,
      commandsExecutedTotal: before.commandsExecutedTotal + 2,
      execErrorsTotal: before.execErrorsTotal + 1,
    });
  });
});
