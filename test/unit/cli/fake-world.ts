import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { InputStream, OutputStream } from '../../../src/cli/process/context.js';
import { exitStatusOf } from '../../../src/cli/process/exit-status.js';
import { describeError } from '../../../src/cli/process/report-error.js';
import type { World } from '../../../src/cli/process/world.js';
import { runProgram } from '../../../src/cli/program.js';
import type { BoxliteRuntime } from '../../../src/engine/runtime.js';
import type { BoxInfo } from '../../../src/engine/state/box-info.js';
import type { VolumeInfo } from '../../../src/engine/volumes/info.js';

/** A stream that keeps what is written to it. */
export class Sink extends PassThrough {
  isTTY = false;
  columns: number | undefined;
  rows: number | undefined;
  readonly #chunks: Buffer[] = [];

  constructor() {
    super();
    this.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }
  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
  text(): string {
    return this.bytes().toString();
  }
}

export class FakeTerminal extends PassThrough {
  isTTY = true;
  isRaw = false;
  readonly modes: boolean[] = [];
  setRawMode(on: boolean): this {
    this.modes.push(on);
    this.isRaw = on;
    return this;
  }
}

export interface FakeWorld extends World {
  stdin: InputStream & PassThrough;
  stdout: OutputStream & Sink;
  stderr: OutputStream & Sink;
  signals: EventEmitter;
}

export const NOW = new Date('2026-11-24T12:00:00Z');

export function fakeWorld(environment: Record<string, string> = {}): FakeWorld {
  return {
    environment: {
      BOXLITE_HOME: '/nonexistent/home',
      DOCKER_CONFIG: '/nonexistent/docker',
      ...environment,
    },
    stdin: new PassThrough() as InputStream & PassThrough,
    stdout: new Sink() as OutputStream & Sink,
    stderr: new Sink() as OutputStream & Sink,
    signals: new EventEmitter(),
    inBackground: () => false,
    stop: () => undefined,
    now: () => NOW,
  };
}

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line on a fake engine, and ends it as `main` does. */
export async function runCli(
  argv: readonly string[],
  engine: object = {},
  world: FakeWorld = fakeWorld(),
): Promise<Outcome> {
  let failureStatus = 0;
  let status: number;
  let stderr = '';
  try {
    status = await runProgram(
      argv,
      world,
      (each) => {
        failureStatus = each;
      },
      () => Promise.resolve(engine as BoxliteRuntime),
    );
  } catch (error) {
    status = exitStatusOf(error, failureStatus);
    stderr = describeError(error, false);
  }
  return { status, stdout: world.stdout.text(), stderr: world.stderr.text() + stderr };
}

export function volumeInfo(fields: Partial<VolumeInfo> = {}): VolumeInfo {
  const name = fields.name ?? 'data';
  return {
    name,
    kind: 'shared',
    anonymous: false,
    mountpoint: `/home/me/.boxlite/volumes/${name}/_data`,
    labels: {},
    options: {},
    createdAt: new Date('2026-11-23T10:00:00.25Z'),
    boxes: [],
    ...fields,
  };
}

export function boxInfo(fields: Partial<BoxInfo> = {}): BoxInfo {
  return {
    id: '01kaz3v5h8w2q6n9r4t7y1m0dx',
    name: 'brave_hopper',
    status: 'running',
    paused: false,
    restarting: false,
    restartCount: 0,
    createdAt: new Date(NOW.getTime() - 3 * 60_000),
    lastUpdated: NOW,
    pid: 42,
    image: 'alpine',
    imageId: `sha256:${'ab'.repeat(32)}`,
    idle: false,
    command: ['sleep', '600'],
    cpus: 1,
    memoryMib: 512,
    labels: {},
    exitCode: undefined,
    oomKilled: false,
    startedAt: new Date(NOW.getTime() - 2 * 60_000),
    finishedAt: undefined,
    autoRemove: false,
    tty: false,
    stdinOpen: false,
    health: 'none',
    ...fields,
  };
}
