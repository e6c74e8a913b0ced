import { createRequire } from 'node:module';
import { BOXLITE, type BoxliteHome } from './boxlite-home.js';
import { isRecord } from './json.js';
import type { Podman } from './podman.js';
import { type ProgramRun, timeProgram } from './time-program.js';

export interface Case {
  name: CaseName;
  runs: number;
  run: () => Promise<ProgramRun>;
  /** Not timed. */
  after?: () => Promise<void>;
}

/** As they stand in the table. */
export const CASES = {
  node: 'node -e 0',
  sqlite: 'node, better-sqlite3 loaded and opened',
  version: 'boxlite --version',
  ps: 'boxlite ps',
  template: 'boxlite run --rm busybox true',
  kept: 'boxlite run busybox true',
  cold: 'boxlite run --rm --cold busybox true',
  exec: 'boxlite exec BOX true',
  podmanRun: 'podman run --rm busybox true',
  podmanExec: 'podman exec CONTAINER true',
  cpFileIn: 'boxlite cp, 100 MB into a box',
  podmanFileIn: 'podman cp, 100 MB into a container',
  cpFileOut: 'boxlite cp, 100 MB out',
  podmanFileOut: 'podman cp, 100 MB out',
  cpTreeIn: 'boxlite cp, 2,000 small files into a box',
  podmanTreeIn: 'podman cp, 2,000 small files into a container',
  cpTreeOut: 'boxlite cp, 2,000 small files out',
  podmanTreeOut: 'podman cp, 2,000 small files out',
} as const;

export type CaseName = keyof typeof CASES;

export const IDLE_BOX = 'bench-idle';
const KEPT_BOX = 'bench-kept';
const IMAGE = 'busybox';

/** A cold start or a large copy takes seconds, so it gets fewer runs. */
export const SLOW_SHARE = 3;

export interface CaseParts {
  boxlite: BoxliteHome;
  podman: Podman | undefined;
  runs: number;
  signal: AbortSignal;
  /** Told what `inspect` says of a start's stages. */
  onTimings: (timings: Record<string, unknown>) => void;
}

/** The release that this Node.js can load, as in src/store/sqlite/sqlite.ts. */
const SQLITE = Number(process.versions.napi) >= 10 ? 'better-sqlite3' : 'better-sqlite3-node20';

/** Needs the box IDLE_BOX to be running. */
export function benchCases({ boxlite, podman, runs, signal, onTimings }: CaseParts): Case[] {
  const timed = (name: CaseName, run: Case['run']): Case => ({ name, runs, run });
  const node = (code: string) =>
    timeProgram([process.execPath, '-e', code], { env: boxlite.env, signal });
  const sqlite = createRequire(BOXLITE).resolve(SQLITE);
  return [
    timed('node', () => node('0')),
    timed('sqlite', () => node(`new (require(${JSON.stringify(sqlite)}))(':memory:')`)),
    timed('version', () => boxlite.run(['--version'])),
    timed('ps', () => boxlite.run(['ps'])),
    timed('template', () => boxlite.run(['run', '--rm', IMAGE, 'true'])),
    {
      // As the one before, but the box is still there to be asked what its start was made of.
      ...timed('kept', () => boxlite.run(['run', '--name', KEPT_BOX, IMAGE, 'true'])),
      after: async () => {
        onTimings(startTimings(await boxlite.json(['inspect', KEPT_BOX])));
        await boxlite.run(['rm', '-f', KEPT_BOX]);
      },
    },
    {
      ...timed('cold', () => boxlite.run(['run', '--rm', '--cold', IMAGE, 'true'])),
      runs: Math.ceil(runs / SLOW_SHARE),
    },
    timed('exec', () => boxlite.run(['exec', IDLE_BOX, 'true'])),
    ...(podman === undefined
      ? []
      : [
          timed('podmanRun', () => podman.run(['true'])),
          timed('podmanExec', () => podman.exec(['true'])),
        ]),
  ];
}

function startTimings(inspection: unknown): Record<string, unknown> {
  const box: unknown = Array.isArray(inspection) ? inspection[0] : undefined;
  const own = isRecord(box) && isRecord(box.Boxlite) ? box.Boxlite : {};
  return isRecord(own.StartTimings) ? own.StartTimings : {};
}
