import { cpus, release, totalmem, type as osType } from 'node:os';
import { BoxliteError } from '../errors.js';
import { isActive } from '../store/status.js';
import { listTemplates } from '../vmm/template.js';
import type { EngineContext } from './context.js';
import type { Images } from './images.js';
import { observed } from './observe.js';
import type { AcceleratorChoice } from './options.js';
import { VERSION } from './version.js';

export interface RuntimeInfo {
  version: string;
  home: string;
  /** `used` is undefined as long as KVM has not been tried. */
  accelerator: { choice: AcceleratorChoice; used: 'kvm' | 'tcg' | undefined; reason: string };
  qemu: { path: string; version: string } | undefined;
  kernel: { version: string; path: string } | undefined;
  templates: { key: string; cpus: number; memoryMib: number; bytes: number }[];
  boxes: { total: number; running: number; stopped: number };
  images: number;
  cpus: number;
  memoryBytes: number;
  os: string;
  /** What keeps boxes from running here, each with its cure. */
  problems: string[];
}

/** Looks, and changes nothing: KVM is not tried, nothing is made. */
export async function runtimeInfo(
  context: EngineContext,
  choice: AcceleratorChoice,
  images: Images,
): Promise<RuntimeInfo> {
  const { home, host, database } = context;
  const problems: string[] = [];
  const qemu = await orProblem(host.qemu(), problems);
  const assets = await orProblem(host.assets(), problems);
  const records = await Promise.all(
    database()
      .boxes.list()
      .map((record) => observed(home, record)),
  );
  const running = records.filter(({ status }) => isActive(status)).length;
  return {
    version: VERSION,
    home: home.root,
    accelerator: await accelerator(host, choice, qemu !== undefined && assets !== undefined),
    qemu: qemu && { path: qemu.path, version: qemu.versionText },
    kernel: assets && { version: assets.kernelVersion, path: assets.kernel },
    templates: (await listTemplates(home)).map(({ key, cpus, memoryMib, bytes }) => ({
      key,
      cpus,
      memoryMib,
      bytes,
    })),
    boxes: { total: records.length, running, stopped: records.length - running },
    images: images.list().length,
    cpus: cpus().length,
    memoryBytes: totalmem(),
    os: `${osType()} ${release()}`,
    problems,
  };
}

async function accelerator(
  host: EngineContext['host'],
  choice: AcceleratorChoice,
  canAsk: boolean,
): Promise<RuntimeInfo['accelerator']> {
  if (choice === 'tcg') return { choice, used: 'tcg', reason: 'asked for' };
  const verdict = canAsk ? await host.verdict() : undefined;
  if (!verdict) return { choice, used: undefined, reason: 'KVM has not been tried yet' };
  return { choice, used: verdict.works ? 'kvm' : 'tcg', reason: verdict.reason };
}

async function orProblem<T>(promise: Promise<T>, problems: string[]): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    problems.push(error.hint === undefined ? error.message : `${error.message}: ${error.hint}`);
    return undefined;
  }
}
