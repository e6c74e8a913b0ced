import { afterEach, describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(() => home.boxlite(['rm', '-f', 'box']));

/** Runs `alter` in a new box, then restarts the same box and runs `look`. */
async function again(flags: string[], alter: string, look: string): Promise<string> {
  const script = `if [ -e /altered ]; then ${look}; else touch /altered; ${alter}; fi`;
  await home.ok(['run', '--name', 'box', ...flags, 'busybox', 'sh', '-c', script]);
  return home.ok(['start', '-a', 'box']);
}

const NETWORK_FILES =
  'head -n 1 /etc/hosts; wc -l < /etc/hostname; cut -d " " -f 1 /etc/resolv.conf';
const HAS_THEM = '127.0.0.1\tlocalhost\n1\nnameserver';

describe('a box starts, is exported and committed again', () => {
  it.each([
    ['moved its /etc', 'mv /etc /moved', 'etc/hosts'],
    ['removed all it could of /etc', 'rm -rf /etc 2>/dev/null; mv /etc /moved', 'etc/hosts'],
    ['made /etc a link to nothing', 'mv /etc /moved; ln -s /a/b /etc', 'a/b/hosts'],
    [
      'made /etc a link that climbs above the root',
      'mv /etc /x; ln -s /x/../../../files/deep /etc',
      'files/deep/hosts',
    ],
    [
      'made /etc/hosts a link to nothing',
      'mv /etc /moved; mkdir /etc; ln -s ../../run/hosts /etc/hosts',
      'run/hosts',
    ],
  ])('that %s', async (_what, alter, path) => {
    expect(await again([], alter, NETWORK_FILES)).toBe(HAS_THEM);
    const tar = (await home.boxlite(['export', 'box'])).stdout.toString('latin1');
    expect(tar).toContain(`\0${path}\0`.slice(1));
    await home.ok(['commit', 'box', 'altered']);
    const inNew = ['run', '--rm', 'altered', 'sh', '-c', NETWORK_FILES];
    expect(await home.ok(inNew)).toBe(HAS_THEM);
  });

  it.each([
    ['made /etc a file', 'mv /etc /moved; echo file > /etc', 'cat /etc', 'file'],
    [
      'made /etc a link of /proc that leads out',
      'mv /etc /moved; ln -s /proc/self/cwd/etc /etc',
      'readlink /etc',
      '/proc/self/cwd/etc',
    ],
    [
      'made /etc/hosts a directory',
      'mv /etc /moved; mkdir -p /etc/hosts',
      'ls /etc | tr "\\n" " "',
      'hostname hosts resolv.conf ',
    ],
    [
      'made links go round',
      'mv /etc /moved; ln -s /b /etc; ln -s /etc /b',
      'readlink /etc; readlink /b',
      '/b\n/etc',
    ],
  ])('without the files there, that %s', async (_what, alter, look, seen) => {
    expect(await again([], alter, look)).toBe(seen);
    expect((await home.boxlite(['export', 'box'])).status).toBe(0);
  });

  it('that removed /dev, /sys and /tmp, or put a link to nothing in their place', async () => {
    const alter =
      'umount -l /dev /sys; rmdir /dev /sys; ln -s /tmp/my/devices /dev; rm -rf /tmp; cd /';
    const look =
      'head -c 1 /dev/zero | wc -c; ls -d /sys/class; stat -c %a /tmp/my/devices/pts /dev/shm/';
    expect(await again(['--privileged'], alter, look)).toBe('1\n/sys/class\n755\n1777');
    expect(await home.ok(['cp', 'box:/altered', '-'])).toContain('altered');
  });
});

it.each([
  ['rmdir /dev; echo > /dev', "can't mount at /dev, which is a file"],
  ['rmdir /dev; ln -s / /dev', "can't mount at /dev, which leads to the box's root"],
  ['rmdir /dev; ln -s /dev /dev', "can't mount at /dev: Too many levels of symbolic links"],
])('a box without a place for its /dev says so: %s', async (alter, said) => {
  const script = `umount -l /dev && ${alter}`;
  await home.ok(['run', '--name', 'box', '--privileged', 'busybox', 'sh', '-c', script]);
  const { status, stderr } = await home.boxlite(['start', '-a', 'box']);
  expect([status, stderr]).toEqual([125, expect.stringContaining(said)]);
});

it('what an image’s links to nothing lead to is made, inside its root', async () => {
  const links =
    'ln -s /made/here /dangling; ln -s ../../../climbs /up; ln -s /proc/self/cwd/x /out';
  await home.ok(['run', '--name', 'box', 'busybox', 'sh', '-c', links]);
  await home.ok(['commit', 'box', 'linked']);
  const run = (...args: string[]): Promise<string> => home.ok(['run', '--rm', ...args]);
  const found = (path: string): string => `grep -c ' ${path} ' /proc/mounts`;
  expect(await run('-w', '/dangling/in', 'linked', 'pwd')).toBe('/made/here/in');
  expect(await run('-w', '/up', 'linked', 'pwd')).toBe('/climbs');
  expect(await run('--tmpfs', '/up/t', 'linked', 'sh', '-c', found('/climbs/t'))).toBe('1');
  expect(
    await run(
      '-v',
      `${import.meta.filename}:/dangling/file`,
      'linked',
      'sh',
      '-c',
      found('/made/here/file'),
    ),
  ).toBe('1');
  for (const flags of [
    ['-w', '/out'],
    ['--tmpfs', '/out'],
  ])
    expect((await home.boxlite(['run', '--rm', ...flags, 'linked', 'true'])).status).not.toBe(0);
});

it.each([
  ['/dev', 'stat -c %F /dev/null; mkdir /dev/made'],
  ['/proc', 'readlink /proc/self/exe; echo 0 > /proc/self/oom_score_adj'],
])('a read-only box whose /etc/hosts is a link to %s can still write there', async (to, look) => {
  const link = `mv /etc /moved; mkdir /etc; ln -s ${to} /etc/hosts`;
  await home.ok(['run', '--name', 'box', 'busybox', 'sh', '-c', link]);
  await home.ok(['commit', 'box', 'to-a-mount']);
  const script = `${look} && echo written; echo x 2>/dev/null > /etc/hostname || echo refused`;
  const said = await home.ok(['run', '--rm', '--read-only', 'to-a-mount', 'sh', '-c', script]);
  expect(said).toMatch(/written\nrefused$/);
});

it.each([
  ['/etc/resolv.conf is a link to /dev/null', 'ln -s /dev/null /etc/resolv.conf', []],
  ['/etc is a link to /proc', 'rmdir /etc; ln -s /proc /etc', []],
  ['/etc/hosts is a link to a name that is too long', `ln -s ${'x'.repeat(300)} /etc/hosts`, []],
  [
    '/etc/resolv.conf is a link to an empty machine-id, without a network',
    'touch /etc/machine-id; ln -s machine-id /etc/resolv.conf',
    ['--network', 'none'],
  ],
])('a read-only box starts, with its own /dev/null, where %s', async (_what, alter, flags) => {
  const script = `mv /etc /moved; mkdir /etc; ${alter}`;
  await home.ok(['run', '--name', 'box', 'busybox', 'sh', '-c', script]);
  await home.ok(['commit', 'box', 'linked-files']);
  const look = 'stat -c %F /dev/null; echo written > /dev/null; cat /dev/null';
  const run = ['run', '--rm', '--read-only', ...flags, 'linked-files', 'sh', '-c', look];
  expect(await home.ok(run)).toBe('character special file');
});
