import { chmod, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { BUILD_TIMEOUT_MS, buildShim, DESCRIPTORS, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

const HOSTILE_VMM = join(import.meta.dirname, '../../native/build/test/shim/fake-hostile-vmm');
const READ_ONLY = 1;
const DIRECT = 2;
const ID_BASE = 4_000_000_000;
/** One range of ids, in an id directory of the test. */
const idsIn = (directory: string): object => ({
  ...{ idDirectory: join(directory, 'ids'), firstId: ID_BASE, idRanges: 1 },
});

interface Places {
  harness: ShimHarness;
  open: string;
  closed: string;
  secret: string;
  files: object[];
}

/** Makes a writable and a read-only directory, the mount point of the tree, and a file that only root may read. */
async function makePlaces(harness: ShimHarness): Promise<Places> {
  await chmod(harness.root, 0o755);
  const path = (name: string): string => join(harness.root, name);
  for (const name of ['open', 'closed', 'empty']) await mkdir(path(name));
  await writeFile(join(path('closed'), 'file'), 'as it was');
  await writeFile(path('secret'), 'of root', { mode: 0o600 });
  const files = [{ fd: DESCRIPTORS.share, flags: 0, path: path('empty') }];
  return { harness, open: path('open'), closed: path('closed'), secret: path('secret'), files };
}

async function attempts(places: Places, changes: object): Promise<Map<string, string>> {
  const { harness, open, secret, files } = places;
  const argv = [HOSTILE_VMM, String(DESCRIPTORS.share), secret];
  const shim = harness.spawn(harness.config({ argv, files, ...changes }));
  await shim.exited;
  const lines = (await readFile(join(open, 'report'), 'utf8')).trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(/: ?\t?|(?<=mode) /) as [string, string]));
}

const REFUSED = {
  'write a read-only file': 'EROFS',
  'make a file in a read-only share': 'EROFS',
  'make a file in the tree': 'EROFS',
  remount: 'EPERM',
  mount_setattr: 'EPERM',
  open_tree: 'EPERM',
  umount: 'EPERM',
  unshare: 'EPERM',
  clone: 'EPERM',
  clone3: 'ENOSYS',
  mknod: 'EPERM',
  chmod: 'EPERM',
  fchmod: 'EPERM',
  fchmodat: 'EPERM',
  fchmodat2: 'EPERM',
  open: 'EPERM',
  O_TMPFILE: 'EPERM',
  creat: 'EPERM',
  openat2: 'ENOSYS',
  mknodat: 'EPERM',
  io_uring: 'ENOSYS',
  'file capability': 'EPERM',
};
const ANOTHER_MACHINE = process.arch === 'x64' ? { 'call of another machine': 'ENOSYS' } : {};
/** chown, dac_override, fowner, fsetid. */
const FEW_CAPABILITIES = '000000000000001b';

describe('a VMM that its guest has taken over', () => {
  test.runIf(process.getuid?.() === 0)('may do to volumes of root what the box may', async () => {
    await using harness = await ShimHarness.make();
    const places = await makePlaces(harness);
    const shares = [
      { path: places.open, flags: 0 },
      { path: places.closed, flags: READ_ONLY },
    ];
    const found = await attempts(places, { shares, ...idsIn(harness.root) });
    expect(Object.fromEntries(found)).toEqual({
      ...REFUSED,
      ...ANOTHER_MACHINE,
      outside: 'EACCES',
      'chmod of its own': 'allowed',
      mode: '700',
      CapEff: FEW_CAPABILITIES,
      CapBnd: FEW_CAPABILITIES,
      NoNewPrivs: '1',
    });
    expect(await readFile(join(places.closed, 'file'), 'utf8')).toBe('as it was');
    // Files that it created belong to the host's root, as those of Docker's containers do.
    expect((await stat(join(places.open, 'plain'))).uid).toBe(0);
  });

  test('may do to volumes of its caller what the box may', async () => {
    await using harness = await ShimHarness.make();
    const places = await makePlaces(harness);
    const shares = [
      { path: places.open, flags: 0 },
      { path: places.closed, flags: READ_ONLY },
    ];
    const found = await attempts(places, { shares });
    found.delete('outside'); // the caller's own file
    expect(Object.fromEntries(found)).toEqual({
      ...REFUSED,
      ...ANOTHER_MACHINE,
      'chmod of its own': 'allowed',
      mode: '700',
      CapEff: FEW_CAPABILITIES,
      CapBnd: FEW_CAPABILITIES,
      NoNewPrivs: '1',
    });
    expect((await stat(join(places.open, 'plain'))).uid).toBe(process.getuid?.());
  });
});

describe('a volume', () => {
  test.each([
    ['that is gone', 'gone', /volume .*gone: No such file or directory/],
    ['that is a device', '/dev/null', /volume \/dev\/null: it is neither a directory nor/],
    ['behind a link', 'link/sub', /its path has a symbolic link since the box was made/],
  ])('%s is refused by name', async (_what, name, message) => {
    await using harness = await ShimHarness.make();
    const { files, open } = await makePlaces(harness);
    await mkdir(join(open, 'sub'));
    await rename(open, join(harness.root, 'moved'));
    await symlink(join(harness.root, 'moved'), join(harness.root, 'link'));
    const shares = [{ path: name.startsWith('/') ? name : join(harness.root, name), flags: 0 }];
    const shim = harness.spawn(harness.config({ files, shares }));
    expect(await shim.statusLine).toMatch(message);
  });

  test('leaves no mount on the host, also when its shim is killed', async () => {
    await using harness = await ShimHarness.make();
    // Other processes may mount something at the same time.
    const mounts = async (pid: number | 'self'): Promise<string[]> =>
      (await readFile(`/proc/${pid}/mountinfo`, 'utf8'))
        .split('\n')
        .filter((line) => line.includes(harness.root));
    const { files, open } = await makePlaces(harness);
    const { shim, guest } = await harness.running({ files, shares: [{ path: open, flags: 0 }] });
    const inside = await mounts(await shim.vmmPid());
    expect(inside.join('\n')).toContain(`${harness.directory}/0 `);
    expect(await mounts('self')).toEqual([]);
    shim.child.kill('SIGKILL');
    await guest.closed;
    expect(await mounts('self')).toEqual([]);
  });

  test('is exported itself where no mount may be made', async () => {
    await using harness = await ShimHarness.make();
    const { files, open } = await makePlaces(harness);
    const { shim } = await harness.running({ files, shares: [{ path: open, flags: DIRECT }] });
    const found = await stat(`/proc/${await shim.vmmPid()}/fd/${DESCRIPTORS.share}/.`);
    expect(found.ino).toBe((await stat(open)).ino);
  });

  test.each([
    ['twice, one of them direct', { shares: [{ flags: 0 }, { flags: DIRECT }] }],
    ['without a place', { files: [] }],
    ['direct, for another user', { shares: [{ flags: DIRECT }], ...idsIn('/nowhere') }],
  ])('%s is refused before anything is mounted', async (_what, changes) => {
    await using harness = await ShimHarness.make();
    const { files, open } = await makePlaces(harness);
    const shares = ('shares' in changes ? changes.shares : [{ flags: 0 }]).map((share) => ({
      ...share,
      path: open,
    }));
    const shim = harness.spawn(harness.config({ files, ...changes, shares }));
    expect(await shim.statusLine).toMatch(/^failed jail 22 configuration:/);
  });
});
