import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { WALLS } from '../../src/agent/protocol.js';
import { vmmLimits } from '../../src/engine/machine/vmm/limits.js';
import { ended } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, DESCRIPTORS, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

const LEAVING_VMM = join(import.meta.dirname, '../../native/build/test/shim/fake-leaving-vmm');
const JAILED_VMM = join(import.meta.dirname, '../../native/build/test/shim/fake-jailed-vmm');
const KEY_OWNER = join(import.meta.dirname, '../../native/build/test/shim/fake-key-owner');
const KEY = `boxlite-test-${process.pid}`;

describe('jail', () => {
  test('gives the VMM its descriptors under their numbers and no others', async () => {
    await using harness = await ShimHarness.make();
    // The shim itself has descriptors with these numbers.
    const files = [3, 4, 5, 6, 7, 8, 9, 13].map((fd) => ({
      fd,
      flags: fd % 2,
      path: join(harness.root, `file ${fd}`),
    }));
    for (const { path } of files) await writeFile(path, 'x');
    const { shim } = await harness.start({ files });
    const fds = join('/proc', String(await shim.vmmPid()), 'fd');
    // The fake VMM itself opened one, the connection to the test.
    const numbers = readdirSync(fds)
      .map(Number)
      .sort((a, b) => a - b);
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    for (const { fd, flags } of files) {
      const info = readFileSync(join('/proc', String(await shim.vmmPid()), 'fdinfo', String(fd)));
      expect(parseInt(/flags:\s+(\d+)/.exec(info.toString())?.[1] ?? '', 8) & 3).toBe(flags * 2);
    }
  });

  test('says so when too few files may be open', async () => {
    await using harness = await ShimHarness.make();
    const shim = harness.spawn(harness.config(), 'ulimit -n 100');
    expect(await shim.statusLine).toBe(
      'failed jail 24 the VMM needs more open files than are allowed',
    );
  });

  test('gives it a clean environment, limits, its own session and no new privileges', async () => {
    await using harness = await ShimHarness.make();
    const { shim } = await harness.start({ rlimits: [{ resource: 7, soft: 99n, hard: 100n }] });
    const pid = await shim.vmmPid();
    const proc = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'latin1');
    expect(proc('environ')).toBe('LANG=C\0');
    expect(proc('limits')).toMatch(/Max open files\s+99\s+100/);
    expect(proc('status')).toMatch(/NoNewPrivs:\s+1/);
    expect(proc('status')).toMatch(/SigBlk:\s+0{16}/);
    // Only SIGXFSZ is ignored: a write beyond the file size limit must fail, not kill the VMM.
    expect(proc('status')).toMatch(/SigIgn:\s+0{9}1000000$/m);
    expect(proc('stat').split(') ')[1]?.split(' ')[3]).toBe(String(pid)); // session
    expect(execFileSync('readlink', [`/proc/${pid}/cwd`]).toString()).toBe('/\n');
  });

  test.runIf(process.getuid?.() === 0)('leaves root and all its groups', async () => {
    await using harness = await ShimHarness.make();
    await chmod(harness.root, 0o755);
    await chmod(join(harness.root, 'vmm.sock'), 0o777);
    const ids = { idDirectory: join(harness.root, 'ids'), firstId: 4_294_000_000, idRanges: 1 };
    const { shim } = await harness.start(ids);
    const status = readFileSync(`/proc/${await shim.vmmPid()}/status`, 'utf8');
    expect(status).toMatch(/Uid:\t4294000000\t4294000000\t4294000000\t4294000000/);
    expect(status).toMatch(/Gid:\t4294000000\t4294000000\t4294000000\t4294000000/);
    expect(status).toMatch(/Groups:\t *\n/);
    expect(status).toMatch(/CapEff:\t0{16}/);
    // The kernel clears the parent-death signal when the user changes, so the jail must set it again.
    shim.child.kill('SIGKILL');
    await ended(await shim.vmmPid());
  });

  test('keeps a VMM that its guest has taken over from outliving its shim, from keys and from the host’s memory', async () => {
    await using harness = await ShimHarness.make();
    await chmod(harness.root, 0o755);
    const path = join(harness.root, 'report');
    await writeFile(path, '');
    // A child that inherits the keyring sees the key; the VMM must not.
    execFileSync(KEY_OWNER, [KEY, LEAVING_VMM, 'see-key', KEY]);
    const isRoot = process.getuid?.() === 0;
    const ids = { idDirectory: join(harness.root, 'ids'), firstId: 4_293_000_000, idRanges: 1 };
    const machine = { cpus: 1, memoryMib: 128, accelerator: 'tcg' } as const;
    const shim = harness.spawn(
      harness.config({
        argv: [LEAVING_VMM, '13', KEY],
        files: [{ fd: 13, flags: 1, path }],
        rlimits: vmmLimits(machine, isRoot).map((limit) => ({ ...limit })),
        ...(isRoot && ids),
      }),
      `set -- "${KEY_OWNER}" ${KEY}`,
    );
    const pid = await shim.vmmPid();
    const report = (): string => readFileSync(path, 'utf8');
    while (!report().endsWith('done\n')) await nextTurn();
    expect(report().split('\n').slice(0, -2)).toEqual([
      'outlive the shim: EPERM',
      'another signal: EPERM',
      'child by clone: EPERM',
      'child by clone3: ENOSYS',
      ...(process.arch === 'x64' ? ['child by fork: EPERM'] : []),
      "caller's key: ENOKEY",
      'own keyring: EPERM',
      "user's keys: EPERM",
      'new key: EPERM',
      'wanted key: EPERM',
      'locked memory: EPERM',
      'message queue: EMFILE',
      '64 MiB: allowed',
      '1 GiB: allowed',
      '1 GiB: ENOMEM',
      'name of its own: allowed',
    ]);
    shim.child.kill('SIGKILL');
    await ended(pid);
  });

  test('takes the VMM along when the shim is killed', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest } = await harness.running();
    const pid = await shim.vmmPid();
    shim.child.kill('SIGKILL');
    await guest.closed;
    await ended(pid);
  });
});

/** The walls that hosts may refuse. */
const { NAMESPACES, ROOT, LANDLOCK } = WALLS;
const ALL = NAMESPACES | ROOT | LANDLOCK;

/** What comes of each attempt, and of those that the walls answer differently. */
const expected = (differences: Record<string, string>): Record<string, string> => ({
  'a secret file': 'ENOENT',
  passwords: 'ENOENT',
  homes: 'ENOENT',
  state: 'ENOENT',
  '/run': 'ENOENT',
  processes: 'EACCES',
  'root of the first process': 'ENOENT',
  'settings of the kernel': 'ENOENT',
  '/sys': 'ENOENT',
  'a program, for writing': 'EACCES',
  'a new file': 'EROFS',
  'above its directory': 'ENOENT',
  'a read-only file, written': 'EBADF',
  'a read-only file, opened again': 'EACCES',
  'a read-only file, mapped': 'EACCES',
  'a read-only file, cut': 'EINVAL',
  'a read-only file, cut by its path': 'EACCES',
  'a read-only file, its mode': 'EROFS',
  'a file by its handle': 'EPERM',
  'another process': 'ESRCH',
  'another process, signalled': 'ESRCH',
  'another process, traced': 'EPERM',
  'another process, read': 'EPERM',
  'the internet': 'EAFNOSUPPORT',
  'the internet, IPv6': 'EAFNOSUPPORT',
  netlink: 'EAFNOSUPPORT',
  packets: 'EAFNOSUPPORT',
  'a socket of the host': 'ENOENT',
  'an abstract socket': 'ECONNREFUSED',
  namespaces: 'EPERM',
  'namespaces of others': 'EPERM',
  'a mount': 'EPERM',
  'another root': 'EPERM',
  'a clone of the mounts': 'EPERM',
  bpf: 'EPERM',
  perf: 'EPERM',
  userfaultfd: 'ENOSYS',
  io_uring: 'ENOSYS',
  keys: 'EPERM',
  'a kernel module': 'EPERM',
  'another kernel': 'EPERM',
  reboot: 'EPERM',
  "the host's name": 'EPERM',
  root: 'EPERM',
  'another program': 'ENOENT',
  ...differences,
});

/** Of a namespace with one id, which outside is the caller's. */
const ROOT_OF_ITS_OWN = {
  root: 'allowed',
  // It owns the file, but it has it through a mount.
  'a read-only file, opened again': 'EROFS',
  'a read-only file, cut by its path': 'EROFS',
};

/** Without namespaces a VMM sees paths and processes; Landlock and the filter answer, and its user's rights. */
const WITHOUT_NAMESPACES = {
  ...ROOT_OF_ITS_OWN, // of the test's namespace
  'a new file': 'EACCES',
  ...{ 'a secret file': 'EACCES', passwords: 'EACCES', homes: 'EACCES', state: 'EACCES' },
  ...{ '/run': 'EACCES', 'root of the first process': 'EACCES', '/sys': 'EACCES' },
  'settings of the kernel': 'EACCES',
  'above its directory': 'EACCES',
  'a read-only file, opened again': 'EACCES',
  'a read-only file, cut by its path': 'EACCES',
  'a read-only file, its mode': 'allowed', // the caller's own file
  'another process': 'allowed', // which gives no right over it
  'another process, signalled': 'EPERM',
  'a socket of the host': 'allowed', // once QEMU runs, its lock ends it for asking
};

/** What its user, who owns nothing, may do, and the filter that each VMM has. */
const WITHOUT_WALLS = {
  ...{ 'a secret file': 'allowed', passwords: 'allowed', homes: 'allowed', state: 'allowed' },
  ...{ '/run': 'allowed', '/sys': 'allowed', processes: 'allowed' },
  'above its directory': 'allowed',
  'root of the first process': 'EACCES',
  'settings of the kernel': 'EACCES',
  'a new file': 'EACCES',
  'a read-only file, its mode': 'EPERM',
  'another process': 'allowed',
  'another process, signalled': 'EPERM',
  'a socket of the host': 'EACCES',
};

const ORDINARY = 65_432;
const asOrdinary = `set -- setpriv --reuid=${ORDINARY} --regid=${ORDINARY} --clear-groups`;
const withoutNamespaces = `${asOrdinary} unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"' sh`;

interface Jail {
  /** What a shell does before it starts the shim. */
  before: string;
  walls: number;
  isRoot: boolean;
}

interface Case extends Jail {
  who: string;
  differences: Record<string, string>;
}

describe.runIf(process.getuid?.() === 0)('a VMM that its guest has taken over', () => {
  test.each<Case>([
    { who: 'of root', before: 'true', walls: ALL, isRoot: true, differences: {} },
    {
      who: 'of another user',
      before: asOrdinary,
      walls: ALL,
      isRoot: false,
      differences: ROOT_OF_ITS_OWN,
    },
    {
      who: 'of another user, where the host refuses namespaces,',
      before: withoutNamespaces,
      walls: ALL,
      isRoot: false,
      differences: WITHOUT_NAMESPACES,
    },
    {
      who: 'of root, on a host without Landlock,',
      before: 'true',
      walls: NAMESPACES | ROOT,
      isRoot: true,
      differences: {
        processes: 'allowed', // there is nothing but the VMM's own descriptors
      },
    },
    {
      who: 'of another user, on a host without Landlock,',
      before: asOrdinary,
      walls: NAMESPACES | ROOT,
      isRoot: false,
      differences: {
        ...ROOT_OF_ITS_OWN,
        processes: 'allowed',
      },
    },
  ])('$who reaches nothing of the host', async ({ differences, ...jail }) => {
    expect(await attempts(jail)).toEqual(expected(differences));
  });

  test('with development security reads what everybody may, and changes nothing', async () => {
    const jail = { before: 'true', walls: 0, isRoot: true };
    expect(await attempts(jail)).toEqual(expected(WITHOUT_WALLS));
  });

  /** Runs a VMM that makes them. @returns what came of each */
  async function attempts({ before, walls, isRoot }: Jail): Promise<Record<string, string>> {
    await using harness = await ShimHarness.make();
    await chmod(harness.root, 0o755);
    const path = (name: string): string => join(harness.root, name);
    await writeFile(path('report'), '', { mode: 0o666 });
    await chmod(path('report'), 0o666);
    await writeFile(path('ram'), 'of a template');
    await writeFile(path('secret'), 'of the caller');
    await mkdir(path('empty'));
    if (!isRoot)
      for (const name of ['box', 'secret', 'ram', 'vmm.sock'])
        await chown(path(name), ORDINARY, ORDINARY);
    const ids = { idDirectory: path('ids'), firstId: 4_200_000_000, idRanges: 8 };
    const words = [13, 15, 14, process.pid, path('secret'), path('vmm.sock')];
    const shim = harness.spawn(
      harness.config({
        argv: [JAILED_VMM, ...words.map(String)],
        walls,
        roots: ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache', '/dev/null', JAILED_VMM],
        files: [
          { fd: 13, flags: 1, path: path('report') },
          { fd: 14, flags: 0, path: path('ram') },
          { fd: 15, flags: 0, path: harness.root },
          { fd: DESCRIPTORS.share, flags: 0, path: path('empty') },
        ],
        ...(isRoot && ids),
      }),
      before,
    );
    expect(await shim.statusLine).toMatch(/^up /);
    const pid = await shim.vmmPid();
    const report = (): string => readFileSync(path('report'), 'utf8');
    while (!report().endsWith('done\n') && readdirSync('/proc').includes(String(pid)))
      await nextTurn();
    const lines = report()
      .replace(/done\n$/, '')
      .trimEnd()
      .split('\n');
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/CapBnd:\t0{16}/);
    expect(readFileSync(path('secret'), 'utf8')).toBe('of the caller');
    shim.child.kill('SIGKILL');
    await ended(pid);
    return Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
  }

  test('that needs a wall which the host refuses does not start', async () => {
    await using harness = await ShimHarness.make();
    await chmod(harness.root, 0o755);
    await chown(join(harness.root, 'box'), ORDINARY, ORDINARY);
    const needed = { walls: ALL, neededWalls: NAMESPACES | ROOT };
    const shim = harness.spawn(harness.config(needed), withoutNamespaces);
    expect(await shim.statusLine).toBe(
      'failed jail 28 this box needs a wall around its VMM that the host refuses: ' +
        'this host allows no more namespaces (sysctl user.max_*_namespaces)',
    );
  });
});
