import { renderTable } from '../../../src/cli/output/table.js';
import { median } from '../statistics.js';
import type { VolumeMeasurements } from './measure.js';
import {
  type PlaceName,
  placeNames,
  PLACES,
  ratio,
  type RowName,
  rowNames,
  ROWS,
  speed,
} from './rows.js';

/** Who is compared with whom; above 1 the first is faster. */
const PAIRS = {
  'DISK / OWN': ['disk', 'own'],
  'SHARED / DISK': ['shared', 'disk'],
  'DISK / PODMAN': ['disk', 'podman'],
  'SHARED / PODMAN': ['shared', 'podman'],
} as const satisfies Record<string, readonly [PlaceName, PlaceName]>;

export interface VolumesReport extends VolumeMeasurements {
  /** Medians, in the row's unit. */
  figures: Record<RowName, Partial<Record<PlaceName, number>>>;
  ratios: Record<RowName, Partial<Record<string, number>>>;
}

export function makeVolumesReport(measured: VolumeMeasurements): VolumesReport {
  const { times } = measured;
  const ofRows = <T>(make: (row: RowName) => T): Record<RowName, T> =>
    Object.fromEntries(rowNames().map((row) => [row, make(row)])) as Record<RowName, T>;
  const figures = ofRows((row) =>
    Object.fromEntries(
      placeNames().flatMap((place) => {
        const own = times[row]?.[place];
        return own === undefined ? [] : [[place, speed(ROWS[row], median(own))]];
      }),
    ),
  );
  const ratios = ofRows((row) =>
    Object.fromEntries(
      Object.entries(PAIRS).map(([name, pair]) => [name, ratio(times, row, pair)]),
    ),
  );
  return { ...measured, figures, ratios };
}

export async function renderVolumesReport({
  machine,
  figures,
  ratios,
}: VolumesReport): Promise<string> {
  const heading = Object.entries(machine)
    .map(([label, value]) => `${label}: ${value}\n`)
    .join('');
  const rows = rowNames().map((row) => [
    ROWS[row].label,
    ...placeNames().map((place) => shown(figures[row][place], ROWS[row].unit)),
    ...Object.keys(PAIRS).map((pair) => {
      const value = ratios[row][pair];
      return value === undefined ? '' : `${value.toFixed(2)} ×`;
    }),
  ]);
  const titles = placeNames().map((place) => PLACES[place].toUpperCase());
  const table = await renderTable(['MEDIAN', ...titles, ...Object.keys(PAIRS)], rows, {
    isTty: false,
  });
  return [heading, table].join('\n');
}

function shown(figure: number | undefined, unit: string): string {
  if (figure === undefined) return '';
  return `${figure.toFixed(0)} ${unit}`.replace(' /s', '/s');
}
