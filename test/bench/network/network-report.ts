import { renderTable } from '../../../src/cli/output/table.js';
import { median } from '../statistics.js';
import { type BackendName, backendNames, BACKENDS } from './backends.js';
import type { NetworkMeasurements } from './measure.js';
import { figure, type Row, type RowName, rowNames, ROWS } from './rows.js';

export interface NetworkFigure {
  /** In the row's unit. */
  median: number;
  /** Of one run. */
  processorMs: number;
}

export interface NetworkReport extends NetworkMeasurements {
  figures: Partial<Record<RowName, Partial<Record<BackendName, NetworkFigure>>>>;
  /** BoxLite's speed by that of QEMU's user network, and the other way round the processor time. */
  ratios: Partial<Record<RowName, { speed: number; processor: number }>>;
  /** Connections a second. */
  rootlessportRate: number | undefined;
}

export function makeNetworkReport(measured: NetworkMeasurements): NetworkReport {
  const figures: NetworkReport['figures'] = {};
  const ratios: NetworkReport['ratios'] = {};
  for (const name of rowNames()) {
    const own: Partial<Record<BackendName, NetworkFigure>> = {};
    for (const backend of backendNames()) {
      const runs = measured.runs[name]?.[backend];
      if (runs === undefined) continue;
      own[backend] = {
        median: figure(ROWS[name], median(runs.map(({ ms }) => ms))),
        processorMs: median(runs.map(({ processorMs }) => processorMs)),
      };
    }
    figures[name] = own;
    const { boxlite, user } = own;
    if (boxlite === undefined || user === undefined) continue;
    const faster = ROWS[name].unit !== 'µs';
    ratios[name] = {
      speed: faster ? boxlite.median / user.median : user.median / boxlite.median,
      processor: user.processorMs / boxlite.processorMs,
    };
  }
  const times = measured.rootlessport;
  const rootlessportRate =
    typeof times === 'string' ? undefined : figure(ROWS.connectIn, median(times));
  return { ...measured, figures, ratios, rootlessportRate };
}

export async function renderNetworkReport(report: NetworkReport): Promise<string> {
  const { machine, figures, ratios, idle } = report;
  const plain = { isTty: false };
  const names = backendNames();
  const heading = Object.entries(machine)
    .map(([label, value]) => `${label}: ${value}\n`)
    .join('');
  const rows = rowNames().map((name) => {
    const own = figures[name] ?? {};
    const ratio = ratios[name];
    return [
      ROWS[name].label,
      ...names.map((backend) => show(ROWS[name], own[backend])),
      ratio === undefined ? '' : `${ratio.speed.toFixed(2)} ×`,
      ratio === undefined ? '' : `${ratio.processor.toFixed(2)} ×`,
    ];
  });
  const idleRows = names.flatMap((name) => {
    const own = idle[name];
    if (own === undefined) return [];
    const { wakeUps, backendWakeUps, backendPssKib } = own;
    const inVmm = name === 'user';
    return [
      [
        BACKENDS[name],
        wakeUps.toFixed(1),
        inVmm ? 'in QEMU' : backendWakeUps.toFixed(1),
        inVmm ? 'in QEMU' : `${(backendPssKib / 1024).toFixed(1)} MiB`,
      ],
    ];
  });
  const labels = names.map((name) => BACKENDS[name].toUpperCase());
  const tables = await Promise.all([
    renderTable(['MEDIAN', ...labels, 'BOXLITE / USER', 'BY PROCESSOR TIME'], rows, plain),
    renderTable(['IDLE', 'WAKE-UPS/S', 'OF THE BACKEND', 'ITS PSS'], idleRows, plain),
  ]);
  return [heading, tables[0], tables[1], rootlessportLine(report)].join('\n');
}

function show({ unit }: Row, figure: NetworkFigure | undefined): string {
  if (figure === undefined) return '';
  return `${figure.median.toFixed(0)} ${unit}`.replace(' /s', '/s');
}

function rootlessportLine({ rootlessport, rootlessportRate }: NetworkReport): string {
  const label = "podman's rootlessport, to a process in a namespace";
  if (rootlessportRate === undefined) return `${label}: ${String(rootlessport)}\n`;
  return `${label}: ${rootlessportRate.toFixed(0)} connections/s\n`;
}
