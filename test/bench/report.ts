import { renderTable } from '../../src/cli/output/table.js';
import { type CaseName, CASES } from './cases.js';
import { FILE_BYTES, TREE_FILES } from './copies.js';
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
  /** What `boxlite ps` is made of: each part is the difference of two medians. */
  psPartsMs: Record<string, number>;
}

/** What is copied, by whom, and in which unit its speed is told. */
const COPIES: readonly (readonly [what: string, ours: CaseName, theirs: CaseName, unit: Unit])[] = [
  ['100 MB in', 'cpFileIn', 'podmanFileIn', { name: 'MB/s', amount: FILE_BYTES / 1e6 }],
  ['100 MB out', 'cpFileOut', 'podmanFileOut', { name: 'MB/s', amount: FILE_BYTES / 1e6 }],
  ['2,000 files in', 'cpTreeIn', 'podmanTreeIn', { name: 'files/s', amount: TREE_FILES }],
  ['2,000 files out', 'cpTreeOut', 'podmanTreeOut', { name: 'files/s', amount: TREE_FILES }],
];

interface Unit {
  name: string;
  /** In one copy. */
  amount: number;
}

const RATIOS: readonly (readonly [of: CaseName, to: CaseName])[] = [
  ['version', 'node'],
  ['ps', 'node'],
  ['template', 'podmanRun'],
  ['exec', 'podmanExec'],
  ['cold', 'template'],
  ['exec', 'node'],
  ...COPIES.map(([, ours, theirs]) => [ours, theirs] as const),
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
    psPartsMs: psParts(summaries),
  };
}

/** Programs that do one thing more each; the parts of one that was not measured are left out. */
function psParts(summaries: Report['summaries']): Report['psPartsMs'] {
  const [node, sqlite, version, ps] = (['node', 'sqlite', 'version', 'ps'] as const).map(
    (name) => summaries[name]?.medianMs,
  );
  if (node === undefined || version === undefined) return {};
  const start = {
    'node itself (node -e 0)': node,
    'launcher (--version)': version - node,
  };
  if (sqlite === undefined || ps === undefined) return start;
  return {
    ...start,
    'database (better-sqlite3)': sqlite - node,
    'program: arguments, engine, boxes, table': ps - version - (sqlite - node),
    'whole (boxlite ps)': ps,
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

export async function renderReport(report: Report): Promise<string> {
  const { machine, summaries, ratios, stagesMs, psPartsMs, memory } = report;
  const plain = { isTty: false };
  const times = caseNames().flatMap((name) => {
    const summary = summaries[name];
    if (summary === undefined) return [];
    const { runs, medianMs, lowestMs, highestMs } = summary;
    return [[CASES[name], String(runs), ...[medianMs, lowestMs, highestMs].map(milliseconds)]];
  });
  const heading = Object.entries(machine)
    .map(([label, value]) => `${label}: ${value}\n`)
    .join('');
  const tables = await Promise.all([
    renderTable(['COMMAND', 'RUNS', 'MEDIAN', 'LOWEST', 'HIGHEST'], times, plain),
    renderTable(
      ['RATIO OF MEDIANS', 'FACTOR'],
      Object.entries(ratios).map(([label, ratio]) => [label, ratio.toFixed(2)]),
      plain,
    ),
    renderTable(
      ['PART OF boxlite ps', 'MEDIAN'],
      Object.entries(psPartsMs).map(([label, ms]) => [label, milliseconds(ms)]),
      plain,
    ),
    renderTable(['COPY', 'BOXLITE', 'PODMAN'], copyRows(summaries), plain),
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
  ]);
  return [heading, ...tables].join('\n');
}

function copyRows(summaries: Report['summaries']): string[][] {
  return COPIES.flatMap(([what, ours, theirs, { name, amount }]) => {
    if (summaries[ours] === undefined) return [];
    const speeds = [summaries[ours], summaries[theirs]].map((summary) =>
      summary === undefined ? '-' : `${((amount * 1000) / summary.medianMs).toFixed(0)} ${name}`,
    );
    return [[what, ...speeds]];
  });
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
