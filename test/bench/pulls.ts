import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRegistry } from '../helpers/registry.js';
import type { BenchArguments } from './arguments.js';
import { BOXLITE } from './boxlite-home.js';
import { diskUsage } from './disk-usage.js';
import { interleave } from './interleave.js';
import { describeHost, type Machine, versionOf } from './machine.js';
import { bytesOf, type PullImage, pushPullImages } from './pull-image.js';
import { type ProgramRun, timeProgram } from './time-program.js';
import { Workspace } from './workspace.js';

/** As they stand in the table. */
export const PULL_CASES = {
  first: 'boxlite pull, nothing there',
  second: 'boxlite pull, base there',
  again: 'boxlite pull, all there',
  peerFirst: 'skopeo copy + umoci unpack, nothing there',
  peerSecond: 'skopeo copy + umoci unpack, base there',
} as const;

export type PullCaseName = keyof typeof PULL_CASES;

export interface PullRun {
  wallMs: number;
  /** Of the one process, or the larger of the two. */
  peakRssKib: number;
}

export interface PullMeasurements {
  machine: Machine;
  runs: Partial<Record<PullCaseName, PullRun[]>>;
  /** What the registry sends for each case. */
  bytes: Record<PullCaseName, number>;
  /** Both images: their layers as they are in the registry, and what they take once pulled. */
  disk: { layers: number; boxlite: number; peer: number };
}

interface Side {
  runs: number;
  /** One round from nothing: each case in turn, and what the result takes on the disk. */
  round: () => Promise<{ runs: [PullCaseName, PullRun][]; diskBytes: number }>;
}

/**
 * Times pulls from a registry on this machine, rounds of ours and the peer's in turn. Both begin with
 * nothing in the store and the image in the page cache, and with nothing left to write to the disk.
 * @throws Error when docker-registry, skopeo or umoci is missing or fails
 */
export async function measurePulls(
  options: BenchArguments,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<PullMeasurements> {
  await using workspace = await Workspace.open();
  progress('starting a registry');
  const registry = await startRegistry();
  try {
    progress('making the images');
    const { base, app } = await pushPullImages(registry.host, options.layout, signal);
    const boxlite = {
      runs: options.runs,
      round: () => pullRound(workspace.path, base, app, signal),
    };
    const peer = { runs: options.runs, round: () => peerRound(workspace.path, base, app, signal) };
    for (const { round } of [boxlite, peer]) {
      progress('warming up');
      await round();
    }
    const runs: PullMeasurements['runs'] = {};
    const disk = { layers: bytesOf(base, app), boxlite: 0, peer: 0 };
    const order = interleave<Side>([boxlite, peer]);
    for (const [i, side] of order.entries()) {
      progress(`round ${i + 1} of ${order.length}`);
      const result = await side.round();
      for (const [name, run] of result.runs) (runs[name] ??= []).push(run);
      disk[side === boxlite ? 'boxlite' : 'peer'] = result.diskBytes;
    }
    progress('');
    const [whole, more] = [bytesOf(base), bytesOf(base, app) - bytesOf(base)];
    const bytes = { first: whole, second: more, again: 0, peerFirst: whole, peerSecond: more };
    return { machine: await describe(), runs, bytes, disk };
  } finally {
    await registry.stop();
  }
}

async function pullRound(
  directory: string,
  base: PullImage,
  app: PullImage,
  signal: AbortSignal,
): ReturnType<Side['round']> {
  const home = join(directory, 'home');
  const env = { PATH: process.env.PATH, HOME: directory, BOXLITE_HOME: home };
  const pull = async ({ reference }: PullImage): Promise<PullRun> => {
    await settle();
    return one(
      await timeProgram([BOXLITE, 'pull', '-q', reference], { env, signal, watchMemory: true }),
    );
  };
  const runs: [PullCaseName, PullRun][] = [
    ['first', await pull(base)],
    ['second', await pull(app)],
    ['again', await pull(app)],
  ];
  const diskBytes = await diskUsage(join(home, 'images'));
  await rm(home, { recursive: true });
  return { runs, diskBytes };
}

/** umoci has no store of unpacked layers: each image is unpacked whole. */
async function peerRound(
  parent: string,
  base: PullImage,
  app: PullImage,
  signal: AbortSignal,
): ReturnType<Side['round']> {
  const directory = join(parent, 'peer');
  await mkdir(directory);
  const layout = join(directory, 'layout');
  const bring = async ({ reference }: PullImage, name: string): Promise<PullRun> => {
    await settle();
    const options = { env: process.env, signal, watchMemory: true };
    const image = `${layout}:${name}`;
    const copy = ['skopeo', 'copy', '-q', '--src-tls-verify=false', `docker://${reference}`];
    const copied = await timeProgram([...copy, `oci:${image}`], options);
    const unpack = ['umoci', 'unpack', '--image', image, join(directory, name)];
    return both(copied, await timeProgram(unpack, options));
  };
  const runs: [PullCaseName, PullRun][] = [
    ['peerFirst', await bring(base, 'base')],
    ['peerSecond', await bring(app, 'app')],
  ];
  const diskBytes = await diskUsage(directory);
  await rm(directory, { recursive: true });
  return { runs, diskBytes };
}

/** What the last one left to be written must not slow down the next. */
async function settle(): Promise<void> {
  await promisify(execFile)('sync');
}

function one({ wallMs, peakRssKib = 0 }: ProgramRun): PullRun {
  return { wallMs, peakRssKib };
}

function both(first: ProgramRun, second: ProgramRun): PullRun {
  return {
    wallMs: first.wallMs + second.wallMs,
    peakRssKib: Math.max(first.peakRssKib ?? 0, second.peakRssKib ?? 0),
  };
}

async function describe(): Promise<Machine> {
  return {
    ...describeHost('end'),
    Node: process.version,
    Peers: `${await versionOf('skopeo')}, ${await versionOf('umoci')}`,
  };
}
