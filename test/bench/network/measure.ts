import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Home } from '../../../src/host/home.js';
import { nativeProgram } from '../../../src/host/native-programs.js';
import { loadAssets } from '../../../src/vmm/assets/assets.js';
import type { AcceleratorName } from '../../../src/vmm/driver.js';
import { findQemu } from '../../../src/vmm/qemu/binary.js';
import type { BenchArguments } from '../arguments.js';
import { compile } from '../compile.js';
import { interleave } from '../interleave.js';
import { describeHost, versionOf } from '../machine.js';
import { Workspace } from '../workspace.js';
import { type BackendName, backendNames, HOST_PORT } from './backends.js';
import type { Endpoint } from './endpoint.js';
import { packGuest } from './guest.js';
import { type Machine, Machines, type Programs } from './machines.js';
import { ROOTLESSPORT, startRootlessport } from './rootlessport.js';
import { type Row, type RowName, rowNames, ROWS } from './rows.js';
import { pssKib, usageOf } from './usage.js';

export interface NetworkRun {
  ms: number;
  /** Of the VMMs and what passes their frames. */
  processorMs: number;
}

export interface Idle {
  /** In a second, of a VMM and what passes its frames. */
  wakeUps: number;
  /** Of what passes the frames, in KiB: nothing where the VMM itself does. */
  backendPssKib: number;
  backendWakeUps: number;
}

export interface NetworkMeasurements {
  machine: Record<string, string>;
  runs: Partial<Record<RowName, Partial<Record<BackendName, NetworkRun[]>>>>;
  idle: Partial<Record<BackendName, Idle>>;
  /** Milliseconds for the work of `connectIn`, or why there are none. */
  rootlessport: number[] | string;
}

const IDLE_MS = 10_000;
const DNS_PORT = 53;

interface Bench {
  machines: Record<BackendName, [Machine, Machine]>;
  host: Endpoint;
  signal: AbortSignal;
  progress: (text: string) => void;
}

/**
 * Boots two guests on each backend and has them do the same work in turn. Runs in namespaces of its own
 * (world.ts). @throws Error when QEMU, passt or the guest's kernel is missing, or a guest fails
 */
export async function measureNetwork(
  options: BenchArguments,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<NetworkMeasurements> {
  await using workspace = await Workspace.open();
  progress('making the guest');
  const directory = workspace.path;
  const program = await compile(directory, 'network/endpoint');
  const programs = await findPrograms(directory, program);
  await using machines = new Machines(directory, programs);
  machines.serve(program, 'serve', String(HOST_PORT));
  machines.serve(program, 'names', String(DNS_PORT));
  const host = await machines.endpoint('the host', [program]);
  progress('starting the guests');
  const started = await startAll(machines);
  const bench: Bench = { machines: started, host, signal, progress };

  const runs = await measureRows(bench, options.runs);
  const idle: NetworkMeasurements['idle'] = {};
  for (const name of backendNames()) idle[name] = await measureIdle(started[name][0]);
  const rootlessport = await measureRootlessport(directory, program, machines, bench, options.runs);
  progress('');
  return { machine: await describe(programs), runs, idle, rootlessport };
}

async function findPrograms(directory: string, endpoint: string): Promise<Programs> {
  const home = new Home(Home.defaultRoot());
  const [qemu, assets] = await Promise.all([findQemu(home), loadAssets(home)]);
  const rate = await promisify(execFile)(nativeProgram('boxlite-host'), ['tsc-khz']);
  return {
    qemu,
    kernel: assets.kernel,
    initramfs: await packGuest(directory, assets, endpoint),
    accelerator: accelerator(),
    startVmm: await compile(directory, 'network/start-vmm'),
    tscKhz: Number(rate.stdout),
  };
}

/** Emulation works everywhere; BOXLITE_ACCEL says otherwise, as it does to BoxLite. */
const accelerator = (): AcceleratorName => (process.env.BOXLITE_ACCEL === 'kvm' ? 'kvm' : 'tcg');

async function startAll(machines: Machines): Promise<Bench['machines']> {
  const pair = async (name: BackendName): Promise<[Machine, Machine]> => [
    await machines.start(name, 1),
    await machines.start(name, 2),
  ];
  return { user: await pair('user'), passt: await pair('passt'), boxlite: await pair('boxlite') };
}

async function measureRows(bench: Bench, count: number): Promise<NetworkMeasurements['runs']> {
  const runs: NetworkMeasurements['runs'] = {};
  const cases = rowNames().flatMap((row) =>
    backendNames().map((backend) => ({ row, backend, runs: count })),
  );
  for (const { row, backend } of cases) {
    bench.progress(`warming up: ${backend}, ${ROWS[row].label}`);
    await measureRow(bench, row, backend);
  }
  for (const [i, { row, backend }] of interleave(cases).entries()) {
    bench.progress(`${i + 1} of ${cases.length * count}: ${backend}, ${ROWS[row].label}`);
    const of = (runs[row] ??= {});
    (of[backend] ??= []).push(await measureRow(bench, row, backend));
  }
  return runs;
}

async function measureRow(bench: Bench, name: RowName, backend: BackendName): Promise<NetworkRun> {
  bench.signal.throwIfAborted();
  const row: Row = ROWS[name];
  const both = bench.machines[backend];
  const pids = both.flatMap(({ vmm, backend: others }) => [vmm, ...others]);
  const before = await usageOf(pids);
  const by = row.by === 'guest' ? both[0].endpoint : bench.host;
  const ms = await by.run(row.command(backend));
  const after = await usageOf(pids);
  return { ms, processorMs: after.processorMs - before.processorMs };
}

async function measureIdle({ vmm, backend }: Machine): Promise<Idle> {
  const [whole, own] = [await usageOf([vmm, ...backend]), await usageOf(backend)];
  await sleep(IDLE_MS);
  const [wholeAfter, ownAfter] = [await usageOf([vmm, ...backend]), await usageOf(backend)];
  const perSecond = (before: number, after: number): number => ((after - before) * 1000) / IDLE_MS;
  return {
    wakeUps: perSecond(whole.wakeUps, wholeAfter.wakeUps),
    backendPssKib: await pssKib(backend),
    backendWakeUps: perSecond(own.wakeUps, ownAfter.wakeUps),
  };
}

async function measureRootlessport(
  directory: string,
  endpoint: string,
  machines: Machines,
  { host, signal }: Bench,
  count: number,
): Promise<number[] | string> {
  try {
    const end = await startRootlessport(directory, endpoint, machines);
    try {
      const times: number[] = [];
      for (let i = 0; i <= count; i++) {
        signal.throwIfAborted();
        times.push(await host.run(`connect 127.0.0.1 ${ROOTLESSPORT} ${ROWS.connectIn.amount}`));
      }
      return times.slice(1);
    } finally {
      end();
    }
  } catch (error) {
    signal.throwIfAborted();
    return `not measured: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function describe({ qemu, accelerator: used }: Programs): Promise<Record<string, string>> {
  return {
    ...describeHost('end'),
    Accelerator: used,
    QEMU: qemu.versionText,
    'boxlite-net': await versionOf(nativeProgram('boxlite-net')),
    passt: await versionOf('passt'),
  };
}
