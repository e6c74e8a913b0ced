import { basename, dirname, join } from 'node:path';

/** The distribution's programs and libraries, and what finds them; nothing of a user's is there. */
const SYSTEM = [
  ...['/usr', '/bin', '/lib', '/lib32', '/lib64'],
  ...['/etc/ld.so.cache', '/etc/ld-musl-x86_64.path', '/etc/ld-musl-aarch64.path'],
  '/etc/alternatives',
  // Where these are not, QEMU seeds its random numbers from the time.
  ...['/dev/null', '/dev/urandom'],
];

/** All packages lie in one directory, each readable by everybody. */
const STORES = ['/nix/store', '/gnu/store', '/home/linuxbrew/.linuxbrew'];

/** Beside `bin`. Of `share` nothing else: beside `~/.local/bin` it holds what programs keep of their user's. */
const INSTALLED = [
  ...['lib', 'lib64', 'libexec'],
  ...['share/qemu', 'share/qemu-firmware', 'share/seabios'],
];

/**
 * What QEMU reads by its path. A program elsewhere than in the system's directories has its libraries, modules and
 * firmware beside it, or as the build left them; of its surroundings no more than that is given, since they may be
 * somebody's home.
 */
export function readablePaths(program: string): string[] {
  if (isBelow(program, '/usr') || isBelow(program, '/bin')) return SYSTEM;
  const store = STORES.find((each) => isBelow(program, each));
  if (store !== undefined) return [...SYSTEM, store];
  const directory = dirname(program);
  const prefix = dirname(directory);
  const built = [
    ...['qemu-bundle', 'pc-bios'].map((name) => join(directory, name)),
    join(prefix, 'pc-bios'), // of the sources
  ];
  const installed =
    basename(directory) === 'bin' && prefix !== '/'
      ? INSTALLED.map((name) => join(prefix, name))
      : [];
  return [...SYSTEM, program, ...built, ...installed];
}

const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`);
