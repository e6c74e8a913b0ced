import { renderTable } from '../../src/cli/output/table.js';
import { CASES, type CaseName } from './cases.js';
import type { IdleMemory } from './idle-memory.js';
import type { Machine } from './machine.js';
import { medianOfEach, summarize, type Summary } from './statistics.js';

export interface Measurements {
  machine: Machine;
  timesMs: Partial<Record<CaseName, number[]>>;
  /** What `inspect` says of each start from the template, in milliseconds. */
  starts: Record<string, number>[];
  memory: { fresh: IdleMemory; afterRuns: IdleMemory };
}

export interface Report extends Measurements {
  summaries: Partial<Record<CaseName, Summary>>;
  /** Of medians. */
  ratios: Record<string, number>;
  stagesMs: Record<string, number>;
}

const RATIOS: readonly (readonly [of: CaseName, to: CaseName])[] = [
  ['version', 'node'],
  ['ps', 'node'],
  ['template', 'podmanRun'],
  ['exec', 'podmanExec'],
  ['cold', 'template'],
];

export function makeReport(measured: Measurements): Report {
  const summaries: Report['summaries'] = {};
  for (const name of caseNames()) {
    const times = measured.timesMs[name];
    if (times !== undefined) summaries[name] = summarize(times);
  }
  const ratios = RATIOS.flatMap(([of, to]): [string, number][] => {
    const [dividend, divisor] = [summaries[of]?.medianMs, summaries[to]?.medianMs];
    if (dividend === undefined || divisor === undefined) return [];
    return [[`${CASES[of]} / ${CASES[to]}`, dividend / divisor]];
  });
  return {
    ...measured,
    summaries,
    ratios: Object.fromEntries(ratios),
    stagesMs: stagesOf(measured.starts, summaries),
  };
}

/** A template run from the shell's point of view: what goes before the start, the start, what comes after. */
function stagesOf(
  starts: Measurements['starts'],
  summaries: Report['summaries'],
): Report['stagesMs'] {
  const stages = medianOfEach(starts);
  const whole = summaries.kept?.medianMs;
  const node = summaries.version?.medianMs;
  const { totalMs } = stages;
  if (whole === undefined || node === undefined || totalMs === undefined) return stages;
  return { nodeMs: node, ...stages, restMs: whole - node - totalMs, wholeMs: whole };
}

const caseNames = (): CaseName[] => Object.keys(CASES) as CaseName[];

export function renderReport(report: Report): string {
  const { machine, summaries, ratios, stagesMs, memory } = report;
  const plain = { isTty: false };
  const times = caseNames().flatMap((name) => {
    const summary = summaries[name];
    if (summary === undefined) return [];
    const { runs, medianMs, lowestMs, highestMs } = summary;
    return [[CASES[name], String(runs), ...[medianMs, lowestMs, highestMs].map(milliseconds)]];
  });
  return [
    Object.entries(machine)
      .map(([label, value]) => `${label}: ${value}\n`)
      .join(''),
    renderTable(['COMMAND', 'RUNS', 'MEDIAN', 'LOWEST', 'HIGHEST'], times, plain),
    renderTable(
      ['RATIO OF MEDIANS', 'FACTOR'],
      Object.entries(ratios).map(([label, ratio]) => [label, ratio.toFixed(2)]),
      plain,
    ),
    renderTable(
      ['STAGE OF A RUN FROM THE TEMPLATE', 'MEDIAN'],
      Object.entries(stagesMs).map(([key, ms]) => [stageLabel(key), milliseconds(ms)]),
      plain,
    ),
    renderTable(
      ['MEMORY OF AN IDLE BOX (PSS)', 'FRESH', 'AFTER THE RUNS'],
      MEMORY_ROWS.map(([label, part]) => [
        label,
        mebibytes(part(memory.fresh)),
        mebibytes(part(memory.afterRuns)),
      ]),
      plain,
    ),
  ].join('\n');
}

const STAGE_LABELS: Record<string, string> = {
  nodeMs: 'node and launcher (boxlite --version)',
  prepareMs: 'disks, template found',
  shimMs: 'shim and VMM started',
  restoreMs: "state loaded (QEMU's own start in it)",
  bootstrapMs: 'bootstrap',
  execMs: 'command started',
  totalMs: 'start, sum',
  restMs: 'rest: verb, database, command, end',
  wholeMs: 'whole (boxlite run busybox true)',
};

/** A stage that is not known here is shown by its own name: the guest may learn to tell more. */
const stageLabel = (key: string): string =>
  STAGE_LABELS[key] ?? `  ${key.replace('.', ': ').replace(/Ms$/, '')}`;

const MEMORY_ROWS: readonly (readonly [label: string, part: (memory: IdleMemory) => number])[] = [
  ['shim', ({ shimKib }) => shimKib],
  ["VMM without the guest's memory", ({ vmmKib, guestKib }) => vmmKib - guestKib],
  ["guest's memory", ({ guestKib }) => guestKib],
];

const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;
const mebibytes = (kib: number): string => `${(kib / 1024).toFixed(1)} MiB`;
