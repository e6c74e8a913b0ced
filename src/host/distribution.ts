import { readFileSync } from 'node:fs';

/** Host tools that BoxLite needs and distributions package. */
export type Tool = 'qemu' | 'libslirp' | 'e2fsprogs' | 'busybox-static' | 'xz' | 'zstd' | 'lz4';

type Manager = 'apt' | 'dnf' | 'pacman' | 'apk' | 'zypper';

const INSTALL: Record<Manager, string> = {
  apt: 'apt-get install',
  dnf: 'dnf install',
  pacman: 'pacman -S',
  apk: 'apk add',
  zypper: 'zypper install',
};

/** Keyed by `ID` and `ID_LIKE` of os-release(5). */
const MANAGERS: Record<string, Manager> = {
  debian: 'apt',
  ubuntu: 'apt',
  fedora: 'dnf',
  rhel: 'dnf',
  centos: 'dnf',
  arch: 'pacman',
  alpine: 'apk',
  suse: 'zypper',
  opensuse: 'zypper',
  'opensuse-tumbleweed': 'zypper',
};

const PACKAGES: Record<Tool, Partial<Record<Manager, string>> & { other: string }> = {
  qemu: {
    apt: 'qemu-system-x86',
    apk: 'qemu-system-x86_64',
    zypper: 'qemu-x86',
    other: 'qemu-system-x86',
  },
  libslirp: { apt: 'libslirp0', zypper: 'libslirp0', other: 'libslirp' },
  e2fsprogs: { other: 'e2fsprogs' },
  'busybox-static': { dnf: 'busybox', pacman: 'busybox', other: 'busybox-static' },
  xz: { apt: 'xz-utils', other: 'xz' },
  zstd: { other: 'zstd' },
  lz4: { other: 'lz4' },
};

const ARM_QEMU: Partial<Record<Manager, string>> & { other: string } = {
  apt: 'qemu-system-arm',
  zypper: 'qemu-arm',
  other: 'qemu-system-aarch64',
};

/** A hint: the command that installs `tool` on this distribution. */
export function installHint(tool: Tool, osRelease = readOsRelease()): string {
  const manager = packageManager(osRelease);
  const arm = process.arch === 'arm64' && tool === 'qemu';
  const names = arm ? ARM_QEMU : PACKAGES[tool];
  if (manager === undefined) return `install ${names.other} with the system's package manager`;
  return `install it: ${INSTALL[manager]} ${names[manager] ?? names.other}`;
}

function packageManager(osRelease: string): Manager | undefined {
  const value = (key: string): string => osReleaseValue(key, osRelease) ?? '';
  const ids = [value('ID'), ...value('ID_LIKE').split(' ')];
  return ids.map((id) => MANAGERS[id]).find((manager) => manager !== undefined);
}

/** A value of this distribution's os-release(5): `PRETTY_NAME`, `VERSION_ID`, … */
export function osReleaseValue(key: string, osRelease = readOsRelease()): string | undefined {
  return new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1];
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return ''; // only hints and `info` depend on it
  }
}
