import { describe, expect, it } from 'vitest';
import type { NetworkMeasurements, NetworkRun } from '../../../bench/network/measure.js';
import { makeNetworkReport, renderNetworkReport } from '../../../bench/network/network-report.js';

const run = (ms: number, processorMs = 100): NetworkRun => ({ ms, processorMs });

const measured: NetworkMeasurements = {
  machine: { CPU: '2 × test' },
  runs: {
    // 128 MiB, 2,000 requests
    push: {
      user: [run(4000)],
      passt: [run(500)],
      boxlite: [run(1000, 50), run(3000, 70), run(2000)],
    },
    talk: { user: [run(200)], boxlite: [run(400, 200)] },
    lookups: { boxlite: [run(500)] },
  },
  idle: {
    user: { wakeUps: 60, backendPssKib: 0, backendWakeUps: 0 },
    boxlite: { wakeUps: 61, backendPssKib: 2048, backendWakeUps: 0.1 },
  },
  rootlessport: [100, 300, 200],
};

describe('the report of the network', () => {
  it('has medians in the unit of the row, and ratios that are above 1 where BoxLite is better', () => {
    const { figures, ratios, rootlessportRate } = makeNetworkReport(measured);
    expect(figures.push?.boxlite).toEqual({ median: (128 * 2 ** 20) / 2e6, processorMs: 70 });
    expect(ratios.push).toEqual({ speed: 2, processor: 100 / 70 });
    expect(figures.talk?.user?.median).toBe(100);
    expect(ratios.talk).toEqual({ speed: 0.5, processor: 0.5 });
    expect(ratios.lookups).toBeUndefined();
    expect(rootlessportRate).toBe(1500);
  });

  it('prints a row for each measurement, and what is in QEMU as such', async () => {
    const lines = (await renderNetworkReport(makeNetworkReport(measured))).split('\n');
    const cells = (start: string): string[] =>
      (lines.find((line) => line.startsWith(start)) ?? '').split(/ {2,}/).filter(Boolean);
    expect(cells('TCP, box to host')).toEqual([
      'TCP, box to host',
      ...['34 MB/s', '268 MB/s', '67 MB/s', '2.00 ×', '1.43 ×'],
    ]);
    expect(cells('request, open')).toEqual([
      'request, open connection',
      ...['100 µs', '200 µs', '0.50 ×', '0.50 ×'],
    ]);
    expect(cells('QEMU user')).toEqual(['QEMU user', '60.0', 'in QEMU', 'in QEMU']);
    expect(cells('BoxLite')).toEqual(['BoxLite', '61.0', '0.1', '2.0 MiB']);
    expect(lines).toContain(
      "podman's rootlessport, to a process in a namespace: 1500 connections/s",
    );
  });

  it('says why podman was not measured', async () => {
    const report = makeNetworkReport({ ...measured, rootlessport: 'not measured: no podman' });
    expect(await renderNetworkReport(report)).toContain('namespace: not measured: no podman\n');
  });
});
