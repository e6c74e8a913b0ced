/** Descriptions of the configuration file's keys, for `boxlite config` and its man page. */
import { DEFAULT_PUBLISH_ADDRESS } from '../../engine/spec/defaults.js';
import { logSizeText } from '../../engine/spec/log-policy.js';
import { NETWORKS } from '../../engine/spec/network/policy.js';
import { VOLUME_TYPES } from '../../engine/spec/volumes/volume-types.js';
import type { Completion } from '../parse/command.js';
import {
  ACCELERATORS,
  type ConfigKey,
  DEFAULT_DETACH_KEYS,
  type GLOBAL_OPTIONS,
  type Settings,
  SWITCH,
  VARIABLES,
} from './settings.js';

export interface ConfigKeyDetails {
  /** The kind of value in the file, in words. */
  readonly type: 'text' | 'list' | 'number' | 'size' | 'mirrors';
  readonly summary: string;
  readonly flag?: keyof typeof GLOBAL_OPTIONS;
  /** The default, if there is one. */
  readonly initial?: string;
  readonly example: string;
  readonly complete?: Completion;
  /** The value in effect, as the file would hold it. */
  readonly effective: (settings: Settings) => unknown;
}

export const CONFIG_KEYS: Readonly<Record<ConfigKey, ConfigKeyDetails>> = {
  registries: {
    type: 'list',
    summary: 'Registries in which short image names are looked for, in this order',
    flag: 'registry',
    initial: 'docker.io',
    example: '["ghcr.io/myorg", "docker.io"]',
    effective: ({ registries }) => registries,
  },
  insecureRegistries: {
    type: 'list',
    summary: 'Registries to speak plain HTTP with; those of this machine always are',
    flag: 'insecure-registry',
    example: '["registry.lan:5000"]',
    effective: ({ insecureRegistries }) => insecureRegistries,
  },
  registryMirrors: {
    type: 'mirrors',
    summary: "Mirrors to ask before each registry; a plain list is Docker Hub's",
    example: '{"docker.io": ["https://mirror.lan"]}',
    effective: ({ registryMirrors }) => registryMirrors,
  },
  caCertificates: {
    type: 'list',
    summary: 'Files (PEM) with certificates of authorities to trust for registries',
    flag: 'ca-cert',
    example: '["/etc/ssl/private-ca.pem"]',
    complete: 'file',
    effective: ({ caCertificates }) => caCertificates,
  },
  maxLayerSize: {
    type: 'size',
    summary: 'Largest layer that is unpacked, against archives that never end',
    example: '"32g"',
    effective: ({ maxLayerBytes }) => sizeText(maxLayerBytes),
  },
  maxLayerEntries: {
    type: 'number',
    summary: 'Most entries that a layer may have',
    example: '2000000',
    effective: ({ maxLayerEntries }) => maxLayerEntries,
  },
  accelerator: {
    type: 'text',
    summary: 'How virtual machines run: auto takes KVM where it boots one, else emulation',
    flag: 'accel',
    initial: 'auto',
    example: '"tcg"',
    complete: ACCELERATORS,
    effective: ({ accelerator }) => accelerator,
  },
  qemu: {
    type: 'text',
    summary: 'QEMU to use instead of the one on PATH',
    example: '"/opt/qemu/bin/qemu-system-x86_64"',
    complete: 'file',
    effective: ({ qemu }) => qemu,
  },
  kernel: {
    type: 'text',
    summary: "Kernel that boxlite setup takes instead of the distribution's",
    example: '"/boot/vmlinuz-6.1"',
    complete: 'file',
    effective: ({ kernel }) => kernel,
  },
  cpus: {
    type: 'number',
    summary: 'Virtual CPUs of a new box',
    initial: '1',
    example: '2',
    effective: ({ cpus }) => cpus,
  },
  memory: {
    type: 'size',
    summary: 'Memory of a new box; a bare number is MiB',
    initial: '512m',
    example: '"1g"',
    effective: ({ memoryMib }) =>
      sizeText(memoryMib === undefined ? undefined : memoryMib * 2 ** 20),
  },
  diskSize: {
    type: 'size',
    summary: 'Writable disk of a new box',
    initial: '10g',
    example: '"20g"',
    effective: ({ diskBytes }) => sizeText(diskBytes),
  },
  network: {
    type: 'text',
    summary: 'Network of a new box: default, none, public or internal',
    initial: 'default',
    example: '"none"',
    complete: NETWORKS,
    effective: ({ network }) => network,
  },
  volumeType: {
    type: 'text',
    summary: 'Type of volumes that are created without one: shared or disk',
    initial: VOLUME_TYPES[0],
    example: '"disk"',
    complete: VOLUME_TYPES,
    effective: ({ volumeType }) => volumeType,
  },
  watch: {
    type: 'text',
    summary: 'Whether boxes notice what the host changes in its mounted files: on or off',
    initial: SWITCH[0],
    example: '"on"',
    complete: SWITCH,
    effective: ({ watch }) => watch,
  },
  publishAddress: {
    type: 'text',
    summary: 'Address of the host for published ports of a new box that name none',
    initial: DEFAULT_PUBLISH_ADDRESS,
    example: '"0.0.0.0"',
    effective: ({ publishAddress }) => publishAddress,
  },
  logMaxSize: {
    type: 'size',
    summary: "Largest file of a new box's log, in powers of 1000; -1 for no limit",
    initial: '20m',
    example: '"100m"',
    effective: ({ logMaxBytes }) =>
      logMaxBytes === undefined ? undefined : logSizeText(logMaxBytes),
  },
  logMaxFile: {
    type: 'number',
    summary: "Files that are kept of a new box's log",
    initial: '5',
    example: '3',
    effective: ({ logMaxFiles }) => logMaxFiles,
  },
  detachKeys: {
    type: 'text',
    summary: 'Keys that detach from a box',
    initial: DEFAULT_DETACH_KEYS,
    example: '"ctrl-a,d"',
    effective: ({ detachKeys }) => detachKeys,
  },
  psFormat: {
    type: 'text',
    summary: 'What boxlite ps prints without --format',
    initial: 'table',
    example: '"table {{.Names}}\\t{{.Status}}"',
    effective: ({ psFormat }) => psFormat,
  },
  imagesFormat: {
    type: 'text',
    summary: 'What boxlite images prints without --format',
    initial: 'table',
    example: '"{{.Repository}}:{{.Tag}}"',
    effective: ({ imagesFormat }) => imagesFormat,
  },
};

const UNITS = [
  ['g', 2 ** 30],
  ['m', 2 ** 20],
  ['k', 2 ** 10],
  ['b', 1],
] as const;

function sizeText(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const [unit, size] = UNITS.find(([, each]) => bytes % each === 0) ?? ['b', 1];
  return `${bytes / size}${unit}`;
}

/** The variable of the environment that goes before the key of the file. */
export function variableOf(key: ConfigKey): string | undefined {
  return (VARIABLES as Partial<Record<ConfigKey, string>>)[key];
}
