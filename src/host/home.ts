import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { environmentVariable } from './environment.js';
import { absolutePath } from './host-path.js';

/** Names inside a box's own directory. */
export const BOX_FILES = {
  disk: 'disk.ext4',
  /** VMDK descriptor that joins the image's metadata and layers. */
  image: 'image.vmdk',
  shimSocket: 'shim.sock',
  qmpSocket: 'qmp.sock',
  /** The first file of the command's output with stream and time; see src/logs/output-log.ts. */
  log: 'output.log',
  console: 'console.log',
  started: 'started.json',
  exit: 'exit.json',
  bootError: 'boot-error.json',
  /** The last checks of the box's health, in the wire's encoding; see src/engine/state/health.ts. */
  health: 'health.bin',
} as const;

/** Of the output log's files, of which `BOX_FILES.log` is number 0. */
export const logFileName = (number: number): string =>
  number === 0 ? BOX_FILES.log : `output.${number}.log`;

/** @returns undefined for what is no file of the output log */
export function logFileNumber(name: string): number | undefined {
  const match = /^output(?:\.([1-9]\d{0,14}))?\.log$/.exec(name);
  return match === null ? undefined : Number(match[1] ?? 0);
}

/**
 * Every path under one home directory. Nothing else in the program spells one.
 * Unix sockets inside are reached through `/proc/self/fd` or a changed directory, so the home may be
 * longer than a socket path (107 bytes) and may hold any character.
 */
export class Home {
  /** Absolute: processes of other working directories are told of what lies in it. */
  readonly root: string;

  constructor(root: string) {
    this.root = isAbsolute(root) ? root : absolutePath(root);
  }

  static defaultRoot(): string {
    return environmentVariable('BOXLITE_HOME') ?? join(homedir(), '.boxlite');
  }

  readonly database = (): string => join(this.root, 'boxlite.db');
  /** Space set aside; see src/store/reserve.ts. */
  readonly reserve = (): string => join(this.root, 'reserve');
  readonly config = (): string => join(this.root, 'config.json');
  readonly boxes = (): string => join(this.root, 'boxes');
  readonly box = (id: string): string => join(this.root, 'boxes', id);
  readonly boxFile = (id: string, file: keyof typeof BOX_FILES): string =>
    join(this.root, 'boxes', id, BOX_FILES[file]);

  /** Content store, unpacked layers and joined disks; see src/image. */
  readonly images = (): string => join(this.root, 'images');
  readonly blobs = (algorithm: string): string => join(this.root, 'images', 'blobs', algorithm);
  readonly partial = (): string => join(this.root, 'images', 'partial');
  readonly layers = (): string => join(this.root, 'images', 'layers');
  readonly disks = (): string => join(this.root, 'images', 'disks');
  readonly padding = (): string => join(this.root, 'images', 'padding');
  /** Blank file systems, one a size. */
  readonly blanks = (): string => join(this.root, 'blanks');

  /** Kernel, modules and initramfs made by set-up; see src/vmm/assets/assets.ts. */
  readonly assets = (): string => join(this.root, 'assets');
  readonly templates = (): string => join(this.root, 'templates');
  /** What the 9p export shows while a box has no volumes. */
  readonly emptyShare = (): string => join(this.root, 'empty');
  readonly accelerators = (): string => join(this.root, 'accelerators.json');

  /** What is nobody else's business; see src/host/private-files.ts. */
  readonly privateDirectories = (): string[] => [
    this.boxes(),
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
