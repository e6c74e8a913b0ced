import { describe, expect, it } from 'vitest';
import { makePullReport, renderPullReport } from '../../bench/pull-report.js';
import type { PullMeasurements, PullRun } from '../../bench/pulls.js';

const run = (wallMs: number, mib = 100): PullRun => ({ wallMs, peakRssKib: mib * 1024 });

const measured: PullMeasurements = {
  machine: { CPU: '2 × test' },
  runs: {
    first: [run(1000), run(3000, 120), run(2000)],
    second: [run(300), run(200), run(100)],
    peerFirst: [run(8000, 20)],
  },
  bytes: { first: 100e6, second: 1e6, again: 0, peerFirst: 100e6, peerSecond: 1e6 },
  disk: { layers: 101e6, boxlite: 404e6, peer: 505e6 },
};

describe('the report of pulls', () => {
  it('has medians, rates and ratios of what was measured', () => {
    const { summaries, ratios } = makePullReport(measured);
    expect(summaries.first).toEqual({
      runs: 3,
      medianMs: 2000,
      lowestMs: 1000,
      highestMs: 3000,
      mbPerSecond: 50,
      peakRssMib: 100,
    });
    expect(Object.entries(ratios)).toEqual([
      ['boxlite pull, nothing there / skopeo copy + umoci unpack, nothing there', 0.25],
      ['boxlite pull, base there / boxlite pull, nothing there', 0.1],
    ]);
  });

  it('prints them beside what is wanted, and what is on the disk', async () => {
    const lines = (await renderPullReport(makePullReport(measured))).split('\n');
    const cells = (start: string): string[] =>
      (lines.find((line) => line.startsWith(start)) ?? '').split(/ {2,}/);
    expect(cells('boxlite pull, nothing there  ')).toEqual([
      'boxlite pull, nothing there',
      '3',
      '2000 ms',
      '1000 ms',
      '3000 ms',
      '50.0',
      '100 MiB',
    ]);
    expect(cells('boxlite pull, base there /').slice(1)).toEqual(['0.10', '0.2']);
    expect(cells('BoxLite: blobs').slice(1)).toEqual(['404.0', '4.00 ×']);
  });
});
