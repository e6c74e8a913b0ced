import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxRootfs } from '../../src/engine/setup/busybox-rootfs.js';
import { Home } from '../../src/host/home.js';
import { type BenchArguments, parseArguments, USAGE } from './arguments.js';
import { BoxliteHome } from './boxlite-home.js';
import { benchCases, type Case, IDLE_BOX, SLOW_SHARE } from './cases.js';
import { Copies } from './copies.js';
import { idleMemory } from './idle-memory.js';
import { interleave } from './interleave.js';
import { flatNumbers } from './json.js';
import { describeMachine } from './machine.js';
import { measureNetwork } from './network/measure.js';
import { makeNetworkReport, renderNetworkReport } from './network/network-report.js';
import { enterWorld, isInWorld } from './network/world.js';
import { Podman } from './podman.js';
import { makePullReport, renderPullReport } from './pull-report.js';
import { measurePulls } from './pulls.js';
import { makeReport, type Measurements, renderReport } from './report.js';
import { measureVolumes } from './volumes/measure.js';
import { makeVolumesReport, renderVolumesReport } from './volumes/volumes-report.js';
import { Workspace } from './workspace.js';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => interrupt.abort(new Error(`stopped by ${name}`)));
  try {
    const options = parseArguments(argv);
    if (options.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (options.network && !isInWorld()) return await enterWorld(interrupt.signal);
    const bench = benchOf(options);
    const { report, text } = await bench(options, interrupt.signal);
    process.stdout.write(text);
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function benchOf({ network, pull, volumes }: BenchArguments): typeof benchBoxes {
  if (network) return benchNetwork;
  if (volumes) return benchVolumes;
  return pull ? benchPulls : benchBoxes;
}

async function benchBoxes(options: BenchArguments, signal: AbortSignal): Promise<Result> {
  const report = makeReport(await measure(options, signal));
  return { report, text: await renderReport(report) };
}

async function benchPulls(options: BenchArguments, signal: AbortSignal): Promise<Result> {
  const report = makePullReport(await measurePulls(options, signal, progress));
  return { report, text: await renderPullReport(report) };
}

async function benchNetwork(options: BenchArguments, signal: AbortSignal): Promise<Result> {
  const report = makeNetworkReport(await measureNetwork(options, signal, progress));
  return { report, text: await renderNetworkReport(report) };
}

async function benchVolumes(options: BenchArguments, signal: AbortSignal): Promise<Result> {
  const report = makeVolumesReport(await measureVolumes(options, signal, progress));
  return { report, text: await renderVolumesReport(report) };
}

interface Result {
  report: object;
  text: string;
}

async function measure(options: BenchArguments, signal: AbortSignal): Promise<Measurements> {
  await using workspace = await Workspace.open();
  const boxlite = new BoxliteHome(workspace.path, signal);
  progress('setting up');
  await boxlite.setUp(options.setup);
  const peer = await openPodman(options, boxlite, join(workspace.path, 'podman'), signal);
  await using podman = peer.podman;
  await boxlite.run(['run', '-d', '--name', IDLE_BOX, 'busybox', 'sleep', '1000000']);
  const machine = await describeMachine(boxlite, podman?.versions ?? peer.absence);
  const fresh = await idleMemory(boxlite);

  progress('preparing what is to be copied');
  const copies = await Copies.prepare(join(workspace.path, 'copies'), boxlite, podman);
  const starts: Record<string, number>[] = [];
  const cases = [
    ...benchCases({
      boxlite,
      podman,
      runs: options.runs,
      signal,
      onTimings: (timings) => starts.push(flatNumbers(timings)),
    }),
    ...copies.cases(Math.ceil(options.runs / SLOW_SHARE)),
  ];
  await warmUp(cases);
  starts.length = 0;
  const timesMs = await timeCases(cases);
  return { machine, timesMs, starts, memory: { fresh, afterRuns: await idleMemory(boxlite) } };
}

/** A host without podman still learns how BoxLite does; the table says why the peer is not in it. */
async function openPodman(
  options: BenchArguments,
  boxlite: BoxliteHome,
  directory: string,
  signal: AbortSignal,
): Promise<{ podman?: Podman; absence: string }> {
  if (!options.podman) return { absence: 'left out' };
  try {
    const { tar } = await busyboxRootfs(new Home(boxlite.path));
    return { podman: await Podman.open(directory, tar, signal), absence: '' };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message.trim() : String(error);
    return { absence: `not measured: ${reason}` };
  }
}

/** Page cache and blank disks are filled by the first of each, which is no run of the ordinary kind. */
async function warmUp(cases: readonly Case[]): Promise<void> {
  for (const { name, run, after } of cases) {
    progress(`warming up: ${name}`);
    await run();
    await after?.();
  }
}

async function timeCases(cases: readonly Case[]): Promise<Measurements['timesMs']> {
  const timesMs: Measurements['timesMs'] = {};
  const order = interleave(cases);
  for (const [i, { name, run, after }] of order.entries()) {
    progress(`${i + 1} of ${order.length}: ${name}`);
    const { wallMs } = await run();
    (timesMs[name] ??= []).push(wallMs);
    await after?.();
  }
  progress('');
  return timesMs;
}

/** One line that the next takes the place of; nothing where nobody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
