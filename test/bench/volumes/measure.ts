import { join } from 'node:path';
import { busyboxRootfs } from '../../../src/engine/setup/busybox-rootfs.js';
import { Home } from '../../../src/host/home.js';
import type { BenchArguments } from '../arguments.js';
import { BoxliteHome } from '../boxlite-home.js';
import { compile } from '../compile.js';
import { describeHost, describeMachine, type Machine } from '../machine.js';
import { Podman } from '../podman.js';
import type { ProgramRun } from '../time-program.js';
import { Workspace } from '../workspace.js';
import { type PlaceName, type RowName, type VolumeTimes, workNames, WORKS } from './rows.js';

const BOX = 'bench-idle';
const PROGRAM = '/file-bench';

export interface VolumeMeasurements {
  machine: Machine;
  times: VolumeTimes;
}

interface Place {
  name: PlaceName;
  directory: string;
  exec: (command: readonly string[]) => Promise<ProgramRun>;
}

/** All places in each round, one after the other, so that a busy host is busy for all of them. */
export async function measureVolumes(
  options: BenchArguments,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<VolumeMeasurements> {
  await using workspace = await Workspace.open();
  const program = await compile(workspace.path, 'volumes/file-bench');
  const boxlite = new BoxliteHome(workspace.path, signal);
  progress('setting up');
  await boxlite.setUp(options.setup);
  const mounts = ['shared', 'disk'].flatMap((type) => [
    ...['--mount', `type=volume,src=of-${type},dst=/${type},volume-opt=type=${type}`],
  ]);
  await boxlite.run(['run', '-d', '--name', BOX, ...mounts, 'busybox', 'sleep', '1000000']);
  await boxlite.run(['cp', program, `${BOX}:${PROGRAM}`]);
  await using podman = options.podman
    ? await openPodman(boxlite, join(workspace.path, 'podman'), signal)
    : undefined;
  await podman?.copy(program, `${BOX}:${PROGRAM}`);

  const exec: Place['exec'] = (command) => boxlite.run(['exec', BOX, ...command]);
  const places: Place[] = [
    { name: 'own', directory: '/root', exec },
    { name: 'disk', directory: '/disk', exec },
    { name: 'shared', directory: '/shared', exec },
    ...(podman === undefined
      ? []
      : [
          {
            ...{ name: 'podman' as const, directory: '/volume' },
            exec: (command: readonly string[]) => podman.exec(command),
          },
        ]),
  ];
  const machine = await describeMachine(boxlite, podman?.versions ?? 'left out');
  const times: VolumeTimes = {};
  // The first round translates the guest's code and fills caches.
  for (let round = 0; round <= options.runs; round++) {
    progress(`round ${round} of ${options.runs}`);
    for (const place of places)
      await measurePlace(place, (row, name, ms) => {
        if (round > 0) ((times[row] ??= {})[name] ??= []).push(ms);
      });
  }
  progress('');
  return { machine: { ...machine, ...describeHost('end') }, times };
}

async function measurePlace(
  { name, directory, exec }: Place,
  add: (row: RowName, place: PlaceName, ms: number) => void,
): Promise<void> {
  for (const work of workNames()) {
    const { amount, rows } = WORKS[work];
    const { stdout } = await exec([PROGRAM, work, directory, String(amount)]);
    const found = stdout.trim().split('\n').map(Number);
    for (const [i, row] of rows.entries()) add(row, name, found[i] ?? NaN);
  }
}

async function openPodman(
  boxlite: BoxliteHome,
  directory: string,
  signal: AbortSignal,
): Promise<Podman> {
  const { tar } = await busyboxRootfs(new Home(boxlite.path));
  return Podman.open(directory, tar, signal, ['-v', 'of-podman:/volume']);
}
