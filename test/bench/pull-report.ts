import { renderTable } from '../../src/cli/output/table.js';
import { PULL_CASES, type PullCaseName, type PullMeasurements } from './pulls.js';
import { median, summarize, type Summary } from './statistics.js';

export interface PullReport extends PullMeasurements {
  summaries: Partial<Record<PullCaseName, Summary & { mbPerSecond: number; peakRssMib: number }>>;
  /** Of medians. */
  ratios: Record<string, number>;
}

const RATIOS: readonly (readonly [of: PullCaseName, to: PullCaseName, wanted: number])[] = [
  ['first', 'peerFirst', 1.0],
  ['second', 'first', 0.2],
  ['second', 'peerSecond', 1.0],
  ['again', 'first', 0.2],
];

export function makePullReport(measured: PullMeasurements): PullReport {
  const summaries: PullReport['summaries'] = {};
  for (const name of caseNames()) {
    const runs = measured.runs[name];
    if (runs === undefined) continue;
    const summary = summarize(runs.map(({ wallMs }) => wallMs));
    summaries[name] = {
      ...summary,
      mbPerSecond: measured.bytes[name] / 1000 / summary.medianMs,
      peakRssMib: median(runs.map(({ peakRssKib }) => peakRssKib)) / 1024,
    };
  }
  const ratios = RATIOS.flatMap(([of, to]): [string, number][] => {
    const [dividend, divisor] = [summaries[of]?.medianMs, summaries[to]?.medianMs];
    if (dividend === undefined || divisor === undefined) return [];
    return [[ratioLabel(of, to), dividend / divisor]];
  });
  return { ...measured, summaries, ratios: Object.fromEntries(ratios) };
}

const ratioLabel = (of: PullCaseName, to: PullCaseName): string =>
  `${PULL_CASES[of]} / ${PULL_CASES[to]}`;

const caseNames = (): PullCaseName[] => Object.keys(PULL_CASES) as PullCaseName[];

export async function renderPullReport(report: PullReport): Promise<string> {
  const { machine, summaries, ratios, disk } = report;
  const plain = { isTty: false };
  const times = caseNames().flatMap((name) => {
    const summary = summaries[name];
    if (summary === undefined) return [];
    const { runs, medianMs, lowestMs, highestMs, mbPerSecond, peakRssMib } = summary;
    return [
      [
        PULL_CASES[name],
        String(runs),
        ...[medianMs, lowestMs, highestMs].map((ms) => `${ms.toFixed(0)} ms`),
        mbPerSecond.toFixed(1),
        `${peakRssMib.toFixed(0)} MiB`,
      ],
    ];
  });
  const sizes: [label: string, bytes: number][] = [
    ['layers in the registry', disk.layers],
    ['BoxLite: blobs, and layers ready to be a disk', disk.boxlite],
    ['peers: blobs, and two unpacked images', disk.peer],
  ];
  const heading = Object.entries(machine)
    .map(([label, value]) => `${label}: ${value}\n`)
    .join('');
  const tables = await Promise.all([
    renderTable(['PULL', 'RUNS', 'MEDIAN', 'LOWEST', 'HIGHEST', 'MB/S', 'PEAK RSS'], times, plain),
    renderTable(
      ['RATIO OF MEDIANS', 'FACTOR', 'AT MOST'],
      RATIOS.flatMap(([of, to, wanted]) => {
        const ratio = ratios[ratioLabel(of, to)];
        return ratio === undefined
          ? []
          : [[ratioLabel(of, to), ratio.toFixed(2), wanted.toFixed(1)]];
      }),
      plain,
    ),
    renderTable(
      ['BOTH IMAGES ON THE DISK', 'MB', 'OF THE LAYERS'],
      sizes.map(([label, bytes]) => [
        label,
        (bytes / 1e6).toFixed(1),
        `${(bytes / disk.layers).toFixed(2)} ×`,
      ]),
      plain,
    ),
  ]);
  return [heading, ...tables].join('\n');
}
