import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import { encodeTable } from '../../agent/codec.js';
import {
  GENERATION,
  NO_ON_EXIT,
  SHARE_FLAGS,
  SHIM_CONFIG,
  SHIM_FILE_FLAGS,
  SHIM_FLAGS,
} from '../../agent/protocol.js';
import { BoxliteError, limitError } from '../../errors.js';
import { checkStreams } from '../../host/child-streams.js';
import { nativeProgram } from '../../host/native-programs.js';
import type { LaunchPlan } from '../../vmm/driver.js';
import type { LogSpec } from '../spec/log-policy.js';
import { cpuWeight } from '../spec/processors.js';
import { type BoxNetwork, networkConfig } from './box-network.js';
import { bootError } from './records.js';
import type { VmmIds } from './vmm/ids.js';
import { vmmBounds, type VmmLimit, vmmLimits } from './vmm/limits.js';
import { type VmmWalls, wallsOf } from './vmm/walls.js';
import { endsWithin } from './within.js';

/** The shim reports the VMM's start within milliseconds; this only bounds an overloaded host. */
const START_TIMEOUT_MS = 20_000;
/** A shim kills its VMM at once; this only bounds an overloaded host. */
const END_TIMEOUT_MS = 15_000;

/** Bytes kept of a box's console, which the guest can fill at will. */
const CONSOLE_LIMIT_BYTES = 262_144;

const RLIMIT_FSIZE = 1;

export interface ShimStart {
  box: string;
  /** The box's name in messages; default its id. */
  name?: string;
  directory: string;
  plan: LaunchPlan;
  /** A user of its own for the VMM; undefined: it runs as the caller. With shares, `shares.ids` counts. */
  ids: VmmIds | undefined;
  /** The network of a plan with `netFd`; undefined: none. */
  net?: BoxNetwork | undefined;
  /** Default: those of the preset `standard`. */
  walls?: VmmWalls | undefined;
  /** The machine makes a template: the VMM ends with this process, whatever its stage. */
  template?: boolean;
  onExit?: readonly string[];
  /** Milliseconds between the box's end and `onExit`; undefined: the shim does not run it. */
  exitDelayMs?: number | undefined;
  /** Time limit of the command: the shim ends it if the guest does not. */
  timeoutMs?: number;
  /** Docker's relative weight among the VMMs of this host; default 1,024. */
  cpuShares?: number | undefined;
  /** How much of the command's output to keep; default nothing, as for a machine without a command. */
  log?: LogSpec;
  /** The VMM's RLIMIT_FSIZE; default none. */
  fileLimitBytes?: number | undefined;
  /** How the plan's shares reach the VMM. */
  shares?: ShareAccess;
}

export interface ShareAccess {
  /** Ids of its own for the VMM; undefined: it has the caller's. */
  ids: VmmIds | undefined;
  /** The only share is exported directly, because the host allows no mounts. */
  direct: boolean;
}

/**
 * The starter's end of a shim. Until it is released, and until the box's command runs, the death of this
 * process ends the VMM.
 */
export interface ShimProcess {
  pid: number;
  /** Closes the starter's end. If the box's command runs, the shim goes on; otherwise it ends the VMM. */
  release(): void;
  /** Ends a shim whose command does not run, and its VMM; resolves when both have ended. */
  end(): Promise<void>;
}

/**
 * Starts the shim of a box, which starts the VMM. The configuration goes over an inherited descriptor, so
 * process lists do not show it.
 * @throws boot-failed with stage jail or vmm
 */
export async function startShim(start: ShimStart): Promise<ShimProcess> {
  // The status pipe is the fifth descriptor; the shim closes the others.
  const child = spawn(nativeProgram('boxlite-shim'), [start.directory], {
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  checkStreams(child, 'boxlite-shim');
  const lifeline = child.stdio[3] as Duplex;
  const status = child.stdio[4] as Readable;
  lifeline.on('error', () => undefined); // the status pipe and the exit report the shim's death
  try {
    const config = Buffer.from(encodeTable(SHIM_CONFIG, configOf(start)));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(config.length);
    lifeline.write(Buffer.concat([length, config]));
    const pid = await started(child, status, start);
    detach(child, lifeline, status);
    return {
      pid,
      release: () => lifeline.destroy(),
      end: () => {
        lifeline.destroy();
        return endOf(child);
      },
    };
  } catch (error) {
    lifeline.destroy();
    status.destroy();
    throw error;
  }
}

function configOf(start: ShimStart) {
  const { plan, shares, walls = wallsOf() } = start;
  const { ids, direct = false } = shares ?? { ids: start.ids };
  const preload = plan.preload ? nativeProgram('boxlite-ram.so') : '';
  return {
    generation: GENERATION,
    flags: start.template === true ? SHIM_FLAGS.TEMPLATE : 0,
    walls: walls.wanted,
    neededWalls: walls.needed,
    roots: plan.readable,
    box: start.box,
    directory: start.directory,
    consoleLimit: CONSOLE_LIMIT_BYTES,
    logMaxBytes: BigInt(Math.max(0, start.log?.maxBytes ?? 0)),
    logMaxFiles: start.log?.maxFiles ?? 0,
    argv: plan.argv,
    env: plan.env,
    files: plan.files.map(({ fd, path, write }) => ({
      fd,
      path,
      flags: write ? SHIM_FILE_FLAGS.WRITE : SHIM_FILE_FLAGS.READ,
    })),
    qmpFd: plan.qmpFd,
    portFd: plan.portFd,
    consoleFd: plan.consoleFd,
    idDirectory: ids?.directory ?? '',
    firstId: ids?.first ?? 0,
    idRanges: ids?.ranges ?? 0,
    foreignIds: (ids?.foreign ?? []).map(({ first, last }) => ({ first, last })),
    rlimits: [...vmmLimits(plan.machine, ids !== undefined), ...fileLimit(start)].map((limit) => ({
      ...limit,
    })),
    ...groupBounds(start),
    preload,
    onExit: [...(start.onExit ?? [])],
    onExitEnv: start.onExit === undefined ? [] : callerEnvironment(),
    exitDelayMs: start.exitDelayMs ?? NO_ON_EXIT,
    timeoutMs: start.timeoutMs ?? 0,
    shareFd: plan.shares.fd,
    shares: plan.shares.entries.map(({ path, readOnly, watch }) => ({
      path,
      flags:
        (readOnly ? SHARE_FLAGS.READ_ONLY : 0) |
        (direct ? SHARE_FLAGS.DIRECT : 0) |
        (watch ? SHARE_FLAGS.NOTIFY : 0),
    })),
    ...networkConfig(start.net, plan.netFd),
  };
}

function groupBounds({ plan, cpuShares }: ShimStart) {
  const { memory, tasks } = vmmBounds(plan.machine);
  const groupWeight = cpuShares === undefined ? 0 : cpuWeight(cpuShares);
  return { groupMemory: memory, groupTasks: tasks, groupWeight };
}

function fileLimit({ fileLimitBytes }: ShimStart): VmmLimit[] {
  if (fileLimitBytes === undefined) return [];
  const limit = BigInt(fileLimitBytes);
  return [{ resource: RLIMIT_FSIZE, soft: limit, hard: limit }];
}

/** The variables that `boxlite` needs when the shim runs it. */
function callerEnvironment(): string[] {
  const kept = [
    ...['PATH', 'HOME', 'BOXLITE_HOME', 'BOXLITE_CONFIG', 'BOXLITE_NATIVE', 'BOXLITE_QEMU'],
    ...['BOXLITE_ACCEL', 'BOXLITE_CRASH_AT'],
  ];
  return kept.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}

/** Races the status line against the shim's death: either one is an immediate answer. */
async function started(
  child: ChildProcess,
  status: Readable,
  { box: id, name: box = id, directory }: ShimStart,
): Promise<number> {
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new BoxliteError('boot-failed', `the shim of box ${box} did not answer within 20 s`, {
          stage: 'jail',
        }),
      );
    }, START_TIMEOUT_MS);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(
        limitError(error, 'run boxlite-shim') ??
          new BoxliteError('setup-needed', `can't run boxlite-shim: ${error.message}`, {
            hint: 'install BoxLite again (in its sources: `npm run build:native`)',
            cause: error,
          }),
      );
    });
    status.setEncoding('utf8');
    status.on('data', (chunk: string) => {
      text += chunk;
    });
    status.on('error', reject);
    status.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
  const [word, ...rest] = line.trim().split(' ');
  if (word === 'up') return child.pid ?? 0;
  throw (
    (await bootError(directory, box)) ??
    new BoxliteError(
      'boot-failed',
      `box ${box} could not be started: ${rest.join(' ') || 'the shim ended without a word'}`,
      { stage: 'jail' },
    )
  );
}

/** Neither the shim nor its lifeline keeps this process alive. */
function detach(child: ChildProcess, lifeline: Duplex, status: Readable): void {
  child.unref();
  status.destroy();
  (lifeline as Duplex & { unref(): void }).unref();
}

/** The VMM ends with its shim, even if the shim has to be killed. */
async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = once(child, 'exit').then(() => undefined);
  if (await endsWithin(ended, END_TIMEOUT_MS)) return;
  child.kill('SIGKILL');
  await ended;
}
