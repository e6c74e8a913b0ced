import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { environmentVariable } from './environment.js';
import { absolutePath } from './host-path.js';

/** Names inside a box's own directory. */
export const BOX_FILES = {
  disk: 'disk.ext4',
  /** The VMDK descriptor that joins the image's metadata and layers. */
  image: 'image.vmdk',
  shimSocket: 'shim.sock',
  qmpSocket: 'qmp.sock',
  /** The first file of the command's output, with stream and time; see src/logs/output-log.ts. */
  log: 'output.log',
  console: 'console.log',
  started: 'started.json',
  exit: 'exit.json',
  bootError: 'boot-error.json',
  /** The published ports as they were bound. */
  ports: 'ports.json',
  /** Why the box lost its network while it ran. */
  netEnded: 'net-ended.json',
  /** The latest health checks, in the wire's encoding; see src/engine/state/health.ts. */
  health: 'health.bin',
} as const;

/** The log of what a box's network has decided, and what was in it before. */
export const NETWORK_LOGS = ['network.log', 'network.log.1'] as const;

/** Names the output log's files; `BOX_FILES.log` is number 0. */
export const logFileName = (number: number): string =>
  number === 0 ? BOX_FILES.log : `output.${number}.log`;

/** @returns undefined for a name that is not a file of the output log */
export function logFileNumber(name: string): number | undefined {
  const match = /^output(?:\.([1-9]\d{0,14}))?\.log$/.exec(name);
  return match === null ? undefined : Number(match[1] ?? 0);
}

/**
 * Every path under one home directory; no other module spells one. Unix sockets inside are reached
 * through `/proc/self/fd` or a changed directory, so the home may be longer than a socket path (107
 * bytes) and may contain any character.
 */
export class Home {
  /** Absolute, since processes with other working directories receive paths in it. */
  readonly root: string;

  constructor(root: string) {
    this.root = isAbsolute(root) ? root : absolutePath(root);
  }

  static defaultRoot(): string {
    return environmentVariable('BOXLITE_HOME') ?? join(homedir(), '.boxlite');
  }

  readonly database = (): string => join(this.root, 'boxlite.db');
  /** Reserved space; see src/store/reserve.ts. */
  readonly reserve = (): string => join(this.root, 'reserve');
  readonly config = (): string => join(this.root, 'config.json');
  readonly boxes = (): string => join(this.root, 'boxes');
  readonly box = (id: string): string => join(this.root, 'boxes', id);
  readonly boxFile = (id: string, file: keyof typeof BOX_FILES): string =>
    join(this.root, 'boxes', id, BOX_FILES[file]);
  /** The VMDK descriptor of an image that is mounted in the box. */
  readonly boxMountedImage = (id: string, index: number): string =>
    join(this.root, 'boxes', id, `mounted-${index}.vmdk`);

  /** The hubs of the networks with names. */
  readonly networks = (): string => join(this.root, 'networks');
  readonly network = (id: string): string => join(this.root, 'networks', id);

  readonly volumes = (): string => join(this.root, 'volumes');
  readonly volume = (name: string): string => join(this.root, 'volumes', name);
  /** The files of a shared volume, under Docker's name for it. */
  readonly volumeData = (name: string): string => join(this.root, 'volumes', name, '_data');
  /** The file system of a volume of type disk. */
  readonly volumeDisk = (name: string): string => join(this.root, 'volumes', name, 'disk');

  /** Content store, unpacked layers and joined disks; see src/image. */
  readonly images = (): string => join(this.root, 'images');
  readonly blobs = (algorithm: string): string => join(this.root, 'images', 'blobs', algorithm);
  readonly partial = (): string => join(this.root, 'images', 'partial');
  readonly layers = (): string => join(this.root, 'images', 'layers');
  readonly disks = (): string => join(this.root, 'images', 'disks');
  readonly padding = (): string => join(this.root, 'images', 'padding');
  /** Blank file systems, one per size. */
  readonly blanks = (): string => join(this.root, 'blanks');

  /** Kernel, modules and initramfs that set-up builds; see src/vmm/assets/assets.ts. */
  readonly assets = (): string => join(this.root, 'assets');
  readonly templates = (): string => join(this.root, 'templates');
  /** What the 9p export shows while a box has no volumes. */
  readonly emptyShare = (): string => join(this.root, 'empty');
  readonly accelerators = (): string => join(this.root, 'accelerators.json');

  /** Directories that only the owner may enter; see src/host/private-files.ts. */
  readonly privateDirectories = (): string[] => [
    this.boxes(),
    this.networks(),
    this.volumes(),
    this.images(),
    this.blanks(),
    this.assets(),
    this.templates(),
  ];
  readonly privateFiles = (): string[] => [
    ...['', '-wal', '-shm'].map((suffix) => this.database() + suffix),
    this.accelerators(),
  ];
}
