import { setTimeout as sleep } from 'node:timers/promises';
import type { LiteBox } from '../../../engine/box.js';
import type { MetricsSampler } from '../../../engine/report/metrics.js';
import type { BoxliteRuntime } from '../../../engine/runtime.js';
import type { BoxInfo } from '../../../engine/state/box-info.js';
import { BoxliteError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { isDumb } from '../../config/settings.js';
import { STATS_COLUMNS, STATS_HEADERS, statsRow } from '../../output/rows/stats-row.js';
import { type ListRow, renderFitting, renderList } from '../../output/terminal/list.js';
import { LiveLines, widthOf } from '../../output/terminal/live-lines.js';
import { fitted } from '../../output/text/text-width.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { type CommandContext, type OutputStream, print, warn } from '../../process/context.js';

const EVERY_MS = 1_000;

/** Adds the host's memory if the terminal is wide enough; a narrow one keeps the names. */
const WIDE_COLUMNS = [...STATS_COLUMNS, 'HostMem'];
const NARROWER_COLUMNS = [
  STATS_COLUMNS,
  STATS_COLUMNS.filter((name) => name !== 'ID'),
  ['Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'PIDs'],
  ['Name', 'CPUPerc', 'MemUsage'],
];

/** A watched box; its sampler stays connected between samples. */
interface Watched {
  id: string;
  /** The last reported reason why the box has no figures. */
  reported?: string;
  name: string | undefined;
  sampler: MetricsSampler;
}

interface StatsOptions {
  all: boolean;
  stream: boolean;
  truncate: boolean;
  format: string | undefined;
}

export const stats = defineCommand({
  name: 'stats',
  group: 'boxes',
  summary: 'Show what boxes use of CPU, memory, network and disk',
  description:
    'All that run, unless named. CPU and memory are those of the processes in the box, 100% being one\n' +
    "virtual CPU; HOST MEM is what the box's machine takes of this host, its share of what it has in\n" +
    'common with others included. Refreshed every second until Ctrl-C. Columns that a narrow terminal has\n' +
    'no room for are left out.',
  args: [
    {
      name: 'BOX',
      summary: 'Name or id',
      optional: true,
      variadic: true,
      complete: 'running-box',
    },
  ],
  options: {
    all: flag('Those that do not run, too', { short: 'a' }),
    'no-stream': flag('One look, then the end'),
    'no-trunc': flag('Whole ids'),
    format: value("table, json, or a template such as '{{.Name}} {{.HostMem}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: 'boxlite stats', what: 'All boxes that run, until Ctrl-C' },
    { command: 'boxlite stats --no-stream --format json web', what: 'One box, for a script' },
  ],
  async run(context, names, options) {
    const runtime = await context.runtime();
    for (const name of names) await findBox(runtime, name);
    await watch(context, runtime, names, {
      all: options.all,
      stream: !options['no-stream'],
      truncate: !options['no-trunc'],
      format: options.format,
    });
    return 0;
  },
});

async function watch(
  context: CommandContext,
  runtime: BoxliteRuntime,
  names: readonly string[],
  options: StatsOptions,
): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  const stopped = new Promise<undefined>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve(undefined)),
  );
  if (options.stream) context.signals.on('SIGINT', onSignal);
  const { stdout, environment } = context;
  const inPlace = options.stream && stdout.isTTY === true && !isDumb(environment);
  const screen = inPlace && new LiveLines(stdout);
  const watched = new Map<string, Watched>();
  try {
    // Percentages cover the time since the previous sample, so the first sample is not shown.
    const say = (message: string): void => warn(context, message);
    await Promise.race([look(runtime, names, watched, options, say), stopped]);
    while (await pause(stop.signal)) {
      // A box that does not answer must not keep the user from leaving.
      const rows = await Promise.race([look(runtime, names, watched, options, say), stopped]);
      if (rows === undefined) return;
      if (screen) screen.show(fitting(await render(rows, options, context.stdout), context.stdout));
      else await print(context, await render(rows, options, context.stdout));
      if (!options.stream || (names.length > 0 && rows.length === 0)) return;
    }
  } finally {
    context.signals.off('SIGINT', onSignal);
    await Promise.all([...watched.values()].map(({ sampler }) => sampler[Symbol.asyncDispose]()));
  }
}

interface Chosen {
  readonly box: LiteBox;
  /** The name that the user gave; undefined if the user named no boxes. */
  readonly asked: string | undefined;
}

/** Samples every box once more, the newest first; removed boxes are left out. */
async function look(
  runtime: BoxliteRuntime,
  names: readonly string[],
  watched: Map<string, Watched>,
  { all, truncate }: StatsOptions,
  say: (message: string) => void,
): Promise<ListRow[]> {
  const reportOnce = (each: Watched, { message }: BoxliteError): void => {
    if (each.reported !== message) say(`box ${each.name ?? each.id} is left out: ${message}`);
    each.reported = message;
  };
  const boxes = await chosen(runtime, names, all);
  for (const [id, { sampler }] of watched)
    if (!boxes.some(({ box }) => box.id === id)) {
      await sampler[Symbol.asyncDispose]();
      watched.delete(id);
    }
  const rows = await Promise.all(
    boxes.map(async ({ box, asked }) => {
      const { id } = box;
      const each = watched.get(id) ?? { id, name: box.name, sampler: box.sampleMetrics() };
      watched.set(id, each);
      return unlessRemoved(async () => {
        try {
          return statsRow(each, await each.sampler.sample(), truncate, asked);
        } catch (error) {
          // A box that the user did not name must not hide the others.
          if (asked !== undefined || !(error instanceof BoxliteError)) throw error;
          if (error.code === 'box-not-found') throw error;
          reportOnce(each, error);
          return undefined;
        }
      });
    }),
  );
  return rows.filter((row) => row !== undefined);
}

async function chosen(
  runtime: BoxliteRuntime,
  names: readonly string[],
  all: boolean,
): Promise<Chosen[]> {
  const found = async (name: string, asked?: string): Promise<Chosen | undefined> => {
    const box = await runtime.get(name);
    return box && { box, asked };
  };
  const boxes = await Promise.all(
    names.length > 0
      ? names.map((name) => found(name, name))
      : (await runtime.listInfo()).filter((box) => all || runs(box)).map(({ id }) => found(id)),
  );
  return boxes.filter((each) => each !== undefined);
}

async function unlessRemoved<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'box-not-found') return undefined;
    throw error;
  }
}

/** @returns false when it was interrupted */
async function pause(signal: AbortSignal): Promise<boolean> {
  return sleep(EVERY_MS, true, { signal }).catch(() => false);
}

async function render(
  rows: readonly ListRow[],
  { format }: StatsOptions,
  output: OutputStream,
): Promise<string> {
  if (format !== undefined)
    return renderList(
      rows,
      { headers: STATS_HEADERS, columns: STATS_COLUMNS, format, quiet: false, quietField: 'ID' },
      output,
    );
  const sets = output.isTTY === true ? [WIDE_COLUMNS, ...NARROWER_COLUMNS] : [STATS_COLUMNS];
  const { isTTY } = output;
  return renderFitting(rows, STATS_HEADERS, sets, {
    ...(isTTY !== undefined && { isTTY }),
    columns: widthOf(output) - 1,
  });
}

/**
 * Cuts the text to the terminal's size: a line that wraps or scrolls off the screen can't be erased later.
 */
function fitting(text: string, output: OutputStream): string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  const width = widthOf(output);
  return lines
    .slice(0, Math.max((output.rows ?? lines.length + 1) - 1, 1))
    .map((line) => fitted(line, width - 1));
}

function runs({ status }: BoxInfo): boolean {
  return status === 'running' || status === 'stopping';
}
