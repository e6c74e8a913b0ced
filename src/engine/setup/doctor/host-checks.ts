/** Checks of the host, apart from what BoxLite has installed or made. */
import { readFileSync } from 'node:fs';
import { freemem, release, totalmem } from 'node:os';
import { BoxliteError } from '../../../errors.js';
import { runProgram } from '../../../host/run-program.js';
import { hostWalls } from '../../machine/vmm/host-walls.js';
import { DEFAULT_MEMORY_MIB } from '../../spec/defaults.js';
import { type Check, fault, note, ok, warning } from './check.js';

const MIB = 2 ** 20;
/** Memory that a box needs in addition to the guest's. */
const BESIDE_GUEST_MIB = 64;
const UNSHARE_TIMEOUT_MS = 5_000;

export const HOST_CHECKS: readonly Check[] = [
  {
    name: 'architecture',
    title: 'Architecture',
    run: () => {
      const detail = `${process.arch === 'x64' ? 'x86_64' : process.arch}, Linux ${release()}`;
      if (process.platform === 'linux' && process.arch === 'x64')
        return Promise.resolve(ok(detail));
      return Promise.resolve(
        fault(`${process.platform} ${process.arch}`, 'use BoxLite on Linux on an x86_64 machine'),
      );
    },
  },
  {
    name: 'node',
    title: 'Node.js',
    run: () =>
      Promise.resolve(
        runsHere(process.versions)
          ? ok(process.version)
          : fault(`${process.version} is not supported`, 'install Node.js 22.14 or newer'),
      ),
  },
  { name: 'memory', title: 'Memory', run: () => Promise.resolve(checkMemory()) },
  { name: 'user-namespaces', title: 'User namespaces', run: checkUserNamespaces },
  { name: 'cgroups', title: 'Control groups', run: checkCgroups },
];

/**
 * As in `engines` of package.json; the newer versions are those with Node-API 10, which SQLite's binding
 * needs.
 */
function runsHere({ node, napi = '' }: NodeJS.ProcessVersions): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  return (major === 20 && minor >= 5) || Number(napi) >= 10;
}

function checkMemory() {
  const mib = Math.floor(availableBytes() / MIB);
  const detail = `${mib} of ${Math.floor(totalmem() / MIB)} MiB available`;
  const needed = DEFAULT_MEMORY_MIB + BESIDE_GUEST_MIB;
  if (mib >= needed) return ok(detail);
  return warning(
    detail,
    `a box of the default size may take ${needed} MiB: end other programs, or give boxes less`,
    { action: 'less-memory' },
  );
}

/** Includes what the kernel can reclaim from its caches. */
function availableBytes(): number {
  try {
    const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kib === undefined ? freemem() : Number(kib) * 1024;
  } catch {
    return freemem();
  }
}

/**
 * The jail around QEMU uses them where possible. This creates one as a trial, because many settings can
 * forbid it.
 */
async function checkUserNamespaces() {
  const cure =
    'boxes run without them, less isolated; to allow them: ' +
    'sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, ' +
    'and on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0';
  try {
    const { status } = await runProgram('unshare', ['--user', '--map-root-user', 'true'], {
      timeoutMs: UNSHARE_TIMEOUT_MS,
    });
    if (status === 0) return ok('can be made');
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    if (error.code === 'setup-needed')
      return warning('not known: there is no unshare', 'install util-linux');
  }
  return warning('this host does not let us make any', cure);
}

/** The jail around QEMU bounds it by one where possible. */
async function checkCgroups() {
  try {
    const { stands, detail } = (await hostWalls()).cgroup;
    return stands ? ok(detail) : note(`${detail}; resource limits bound QEMU`);
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'setup-needed') return note(error.message);
    throw error;
  }
}
