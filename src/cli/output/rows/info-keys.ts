import type { RuntimeInfo } from '../../../engine/report/runtime-info.js';
import { STORAGE_DRIVER } from '../../../engine/spec/defaults.js';
import { LOG_DRIVERS } from '../../../engine/spec/log-policy.js';
import { NETWORKS } from '../../../engine/spec/network/policy.js';
import type { Settings } from '../../config/settings.js';
import type { Environment } from '../../flags/key-values.js';
import type { CommandContext } from '../../process/context.js';
import { advice, withAdvice } from '../../process/remedy.js';
import { clientVersion } from './versions.js';

export const NOT_TRIED = 'not tried';

type Asker = Pick<CommandContext, 'settings' | 'environment' | 'now'>;

/**
 * The JSON of `info`: Docker's keys in its order, with Docker's zero value where BoxLite has no equivalent,
 * then our own keys.
 */
export function infoKeys(found: RuntimeInfo, asker: Asker): object {
  return { ...dockerKeys(found, asker), ...ownKeys(found) };
}

function dockerKeys(found: RuntimeInfo, { settings, environment, now }: Asker) {
  return {
    // The id belongs to a daemon, and there is none.
    ID: '',
    Containers: found.boxes.total,
    ContainersRunning: found.boxes.running,
    ContainersPaused: found.boxes.paused,
    ContainersStopped: found.boxes.stopped,
    Images: found.images,
    Driver: STORAGE_DRIVER,
    DriverStatus: [],
    Plugins: {
      Volume: ['local'],
      Network: [...NETWORKS],
      Authorization: null,
      Log: LOG_DRIVERS,
    },
    ...limits(),
    Debug: settings.debug,
    NFd: 0,
    OomKillDisable: false,
    NGoroutines: 0,
    SystemTime: now().toISOString(),
    LoggingDriver: 'local',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: '2',
    NEventsListener: 0,
    KernelVersion: found.kernel?.version ?? '',
    OperatingSystem: found.os,
    OSVersion: found.osVersion ?? '',
    OSType: process.platform,
    Architecture: process.arch === 'x64' ? 'x86_64' : 'aarch64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfig(settings),
    NCPU: found.cpus,
    MemTotal: found.memoryBytes,
    GenericResources: null,
    DockerRootDir: found.home,
    HttpProxy: proxyOf(environment, 'HTTP_PROXY'),
    HttpsProxy: proxyOf(environment, 'HTTPS_PROXY'),
    NoProxy: proxyOf(environment, 'NO_PROXY'),
    Name: found.hostname ?? '',
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: found.version,
    Runtimes: {},
    DefaultRuntime: '',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: false,
    Isolation: '',
    InitBinary: '',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: [
      'name=seccomp,profile=builtin',
      ...(process.getuid?.() === 0 ? [] : ['name=rootless']),
      'name=cgroupns',
    ],
    CDISpecDirs: [],
    Warnings: found.problems.map(withAdvice),
    ClientInfo: { Debug: settings.debug, ...clientVersion(), Plugins: [], Warnings: null },
  };
}

/** Whether a box can have each limit. */
function limits() {
  return {
    MemoryLimit: true,
    SwapLimit: false,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: false,
  };
}

function registryConfig({ insecureRegistries, registryMirrors }: Settings) {
  const isBlock = (registry: string): boolean => registry.includes('/');
  const hub = { Mirrors: registryMirrors['docker.io'] ?? [], Secure: true, Official: true };
  const insecure = insecureRegistries.filter((registry) => !isBlock(registry));
  return {
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...insecureRegistries.filter(isBlock)],
    IndexConfigs: {
      'docker.io': { Name: 'docker.io', ...hub },
      ...Object.fromEntries(
        insecure.map((Name) => [Name, { Name, Mirrors: [], Secure: false, Official: false }]),
      ),
    },
    Mirrors: hub.Mirrors,
  };
}

/** Removes credentials from the URL, since no log should get them (Docker's rule). */
function proxyOf(environment: Environment, name: string): string {
  const value = environment[name] ?? environment[name.toLowerCase()] ?? '';
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1xxxxx:xxxxx@');
}

function ownKeys(found: RuntimeInfo) {
  const { accelerator, qemu, kernel } = found;
  return {
    Accelerator: {
      Choice: accelerator.choice,
      Used: accelerator.used ?? NOT_TRIED,
      Reason: accelerator.reason,
      TriedAt: accelerator.triedAt?.toISOString() ?? '',
      TriedAgainAt: accelerator.triedAgainAt?.toISOString() ?? '',
      Cure: advice(accelerator.cure, accelerator.remedy) ?? '',
    },
    Qemu: qemu === undefined ? null : { Path: qemu.path, Version: qemu.version },
    Kernel:
      kernel === undefined
        ? null
        : { Path: kernel.path, Version: kernel.version, Modules: kernel.modules ?? '' },
    Templates: found.templates.map((template) => ({
      Key: template.key,
      Cpus: template.cpus,
      MemoryMib: template.memoryMib,
      Bytes: template.bytes,
      Image: template.image ?? '',
      Kernel: template.kernel ?? '',
      KernelVersion: template.kernelVersion,
    })),
    Store: {
      Blobs: found.store.blobs,
      Layers: found.store.layers,
      Disks: found.store.disks,
      Boxes: found.store.boxes,
      Templates: found.store.templates,
      Assets: found.store.assets,
    },
    HostIsolation: found.isolation.map(({ name, stands, detail }) => ({
      Name: name,
      Stands: stands,
      Detail: detail,
    })),
  };
}
