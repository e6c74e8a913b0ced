import { cpus, hostname, release, totalmem, type as osType } from 'node:os';
import { BoxliteError, type Remedy } from '../../errors.js';
import { osReleaseValue } from '../../host/distribution.js';
import { isActive } from '../../store/status.js';
import { listTemplates } from '../../vmm/template/template.js';
import type { Images } from '../images/images.js';
import { type StoreSizes, storeSizes } from '../images/store-sizes.js';
import type { AcceleratorChoice } from '../spec/options.js';
import type { EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';
import { type HostIsolation, hostIsolation } from './host-isolation.js';
import { VERSION } from './version.js';

export interface RuntimeInfo {
  version: string;
  home: string;
  accelerator: {
    choice: AcceleratorChoice;
    /** Undefined until KVM has been tried. */
    used: 'kvm' | 'tcg' | undefined;
    reason: string;
    /** When KVM was last tried. */
    triedAt?: Date;
    /** When a start will next try it. */
    triedAgainAt?: Date;
    /** What can be done about it, if anything. */
    cure?: string;
    /** The action in `cure`, for programs. */
    remedy?: Remedy;
  };
  qemu: { path: string; version: string } | undefined;
  /** `modules` is the directory that a privileged box sees as /lib/modules. */
  kernel: { version: string; path: string; modules: string | undefined } | undefined;
  /**
   * `image` is the name, or else the digest, of the template's image; `kernel` the path or package of a
   * kernel other than the home's.
   */
  templates: {
    key: string;
    cpus: number;
    memoryMib: number;
    bytes: number;
    image: string | undefined;
    kernelVersion: string;
    kernel: string | undefined;
  }[];
  /** `running` excludes paused boxes. */
  boxes: { total: number; running: number; paused: number; stopped: number };
  images: number;
  store: StoreSizes;
  /** The isolation of VMMs that this host allows; empty if it can't be tried. */
  isolation: HostIsolation[];
  cpus: number;
  memoryBytes: number;
  /** The host's operating system, as its distribution names it. */
  os: string;
  osVersion?: string;
  hostname?: string;
  /** What keeps boxes from running here. */
  problems: BoxliteError[];
}

/** Read-only: does not try KVM, makes nothing. */
export async function runtimeInfo(
  context: EngineContext,
  choice: AcceleratorChoice,
  images: Images,
): Promise<RuntimeInfo> {
  const { home, host, database } = context;
  const problems: BoxliteError[] = [];
  const qemu = await orProblem(host.vmm(), problems);
  const assets = await orProblem(host.assets(), problems);
  const records = await Promise.all(
    database()
      .boxes.list()
      .map((record) => observed(home, record)),
  );
  const active = records.filter(({ status }) => isActive(status));
  const paused = active.filter((record) => record.paused).length;
  return {
    version: VERSION,
    home: home.root,
    accelerator: await accelerator(host, choice),
    qemu: qemu && { path: qemu.path, version: qemu.versionText },
    kernel: assets && {
      version: assets.kernelVersion,
      path: assets.kernel,
      modules: assets.modules,
    },
    templates: (await listTemplates(home)).map(
      ({ key, cpus, memoryMib, bytes, image, kernelVersion, kernelOrigin }) => ({
        key,
        cpus,
        memoryMib,
        bytes,
        image: image && (database().images.referencesOf(image)[0]?.reference ?? image),
        kernelVersion,
        kernel: kernelOrigin === assets?.kernelOrigin ? undefined : kernelOrigin,
      }),
    ),
    boxes: {
      total: records.length,
      running: active.length - paused,
      paused,
      stopped: records.length - active.length,
    },
    images: images.count(),
    store: storeSizes(home),
    isolation: (await orProblem(hostIsolation(), problems)) ?? [],
    cpus: cpus().length,
    memoryBytes: totalmem(),
    ...operatingSystem(),
    hostname: hostname(),
    problems,
  };
}

/** Linux and its release if the distribution does not name itself (os-release(5)). */
function operatingSystem(): Pick<RuntimeInfo, 'os' | 'osVersion'> {
  const osVersion = osReleaseValue('VERSION_ID');
  return {
    os: osReleaseValue('PRETTY_NAME') ?? `${osType()} ${release()}`,
    ...(osVersion !== undefined && { osVersion }),
  };
}

async function accelerator(
  host: EngineContext['host'],
  choice: AcceleratorChoice,
): Promise<RuntimeInfo['accelerator']> {
  if (choice === 'tcg') return { choice, used: 'tcg', reason: 'asked for' };
  const verdict = await host.verdict();
  if (!verdict) {
    return {
      ...{ choice, used: undefined, reason: 'KVM has not been tried yet' },
      ...{ cure: 'the first start tries it; try it at once', remedy: { action: 'doctor' } },
    };
  }
  const { works, reason, cure, remedy, triedAtMs, untilMs } = verdict;
  return {
    ...{ choice, used: works ? 'kvm' : 'tcg', reason },
    ...(triedAtMs !== undefined && { triedAt: new Date(triedAtMs) }),
    ...(untilMs !== undefined && { triedAgainAt: new Date(untilMs) }),
    ...(cure !== undefined && { cure }),
    ...(remedy !== undefined && { remedy }),
  };
}

async function orProblem<T>(promise: Promise<T>, problems: BoxliteError[]): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    problems.push(error);
    return undefined;
  }
}
