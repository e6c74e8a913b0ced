import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { prepareVolumes, type VolumeStore } from '../../../../src/engine/machine/volumes-start.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import { checkMounts, findVolumes } from '../../../../src/engine/spec/volumes.js';
import { temporaryDatabase, temporaryHome } from '../../store/store-fixture.js';
import { boxSpec } from '../engine-fixture.js';

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'boxlite-volumes-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Where there are no volumes. */
function store(): VolumeStore {
  const home = temporaryHome();
  return { home, database: () => temporaryDatabase(home) };
}

const volume = (hostPath: string, guestPath: string): BoxOptions => ({
  volumes: [{ hostPath, guestPath }],
});

describe('a mount', () => {
  test.each([
    ['/x/', '/x'],
    ['//x//y/.', '/x/y'],
    ['/x/../y', '/y'],
    ['/..x', '/..x'],
    ['/procs', '/procs'],
  ])('at %s is at %s', (target, clean) => {
    expect(checkMounts(volume('/a', target)).volumes[0]?.target).toBe(clean);
    expect(checkMounts({ tmpfs: [{ guestPath: target }] }).tmpfs[0]?.target).toBe(clean);
  });

  test.each<[string, BoxOptions, string]>([
    ['in no directory', volume('/a', 'x'), "invalid mount path: 'x' mount path must be absolute"],
    ['nowhere', volume('/a', ''), 'field Target must not be empty'],
    ['at the root', volume('/a', '/'), "destination can't be '/'"],
    ['at the root by a detour', volume('/a', '/x/..'), "destination can't be '/'"],
    ['in /proc', volume('/a', '/proc/sys'), 'cannot be mounted because it is inside /proc'],
    [
      'of a relative path',
      volume('a', '/x'),
      "invalid mount path: 'a' mount path must be absolute",
    ],
    ['of nothing', volume('', '/x'), 'field Source must not be empty'],
    ['with a NUL', volume('/a\0', '/x'), 'holds a NUL byte'],
    [
      'twice at one place',
      { ...volume('/a', '/x'), tmpfs: [{ guestPath: '/x/' }] },
      'Duplicate mount point: /x',
    ],
    [
      'too many of them',
      { volumes: Array.from({ length: 65 }, (_, i) => ({ hostPath: '/a', guestPath: `/${i}` })) },
      'a box can have 64 volumes and 128 mounts, not 65 and 65',
    ],
  ])('%s is refused', (_what, options, message) => {
    expect(() => checkMounts(options)).toThrow(message);
    expect(() => boxSpec(options)).toThrow(message);
  });
});

test('a volume by its path alone gives way to whatever else is mounted there', () => {
  const volumes = [
    ...['/x', '/x/', '/y', '/z'].map((guestPath) => ({ guestPath })),
    { name: 'data', guestPath: '/y' },
  ];
  const mounts = checkMounts({ volumes, tmpfs: [{ guestPath: '/z' }] });
  expect(mounts.volumes).toMatchObject([
    { target: '/x', given: 'path' },
    { target: '/y', name: 'data' },
  ]);
  const asked = { guestPath: '/x', asMount: true };
  expect(() => checkMounts({ volumes: [asked, asked] })).toThrow('Duplicate mount point: /x');
});

describe('the host’s side of a volume', () => {
  const find = (hostPath: string, createHostPath: boolean) =>
    findVolumes(boxSpec({ volumes: [{ hostPath, guestPath: '/x', createHostPath }] }));

  test('is found once, without its links, and shown as it was given', async () => {
    const root = temporary();
    mkdirSync(join(root, 'real'));
    symlinkSync('real', join(root, 'link'));
    const { volumes } = await find(join(root, 'link'), false);
    const [source, path] = [join(root, 'link'), join(root, 'real')];
    expect(volumes).toEqual([{ source, path, target: '/x', readOnly: false }]);
  });

  test('is made for -v, with its parents, and not otherwise', async () => {
    const missing = join(temporary(), 'a', 'b');
    await expect(find(missing, false)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: `invalid mount config for type "bind": bind source path does not exist: ${missing}`,
    });
    expect(existsSync(missing)).toBe(false);
    await find(missing, true);
    expect(existsSync(missing)).toBe(true);
  });

  test('may be a file; what is below a file does not exist', async () => {
    const file = join(temporary(), 'file');
    writeFileSync(file, '');
    expect((await find(file, true)).volumes[0]).toMatchObject({ path: file });
    await expect(find(join(file, 'x'), false)).rejects.toThrow('does not exist');
  });

  test('may not be a device', async () => {
    await expect(find('/dev/null', false)).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('that is gone when the box starts is told with what to do', async () => {
    const gone = { source: '/s', path: '/nonexistent/p', target: '/x', readOnly: true };
    await expect(prepareVolumes({ ...boxSpec(), volumes: [gone] }, store())).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'the volume for /x is gone from the host: /nonexistent/p does not exist',
      hint: 'put it back, or remove the box and create it with another path',
    });
  });
});

test('outer mounts come before those inside them', async () => {
  const root = temporary();
  const at = (target: string) => ({ source: root, path: root, target, readOnly: true });
  const spec = {
    ...boxSpec({ tmpfs: [{ guestPath: '/a/b', options: 'size=1m' }] }),
    volumes: [at('/a/b/c'), at('/a')],
  };
  const { mounts } = await prepareVolumes(spec, store());
  const whole = { subpath: '', copyUp: 0, notify: 0 };
  expect(mounts).toEqual([
    { ...whole, kind: 2, source: '1', target: '/a', flags: 5, options: '' },
    { ...whole, kind: 1, source: '', target: '/a/b', flags: 14, options: 'size=1m' },
    { ...whole, kind: 2, source: '0', target: '/a/b/c', flags: 5, options: '' },
  ]);
});

test('a box without volumes needs no look at the host', async () => {
  const prepared = await prepareVolumes(boxSpec(), store());
  expect(prepared).toMatchObject({ files: {}, access: undefined, mounts: [] });
});

test.each([
  { volumes: [{ hostPath: '/tmp', guestPath: '/dev' }] },
  { tmpfs: [{ guestPath: '/dev/.' }] },
])('nothing is mounted over the box’s devices: %j', (mounts) => {
  expect(() => checkMounts(mounts)).toThrow("nothing can be mounted over /dev: the box's devices");
});
