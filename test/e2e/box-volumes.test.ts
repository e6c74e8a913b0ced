import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookUntil } from '../helpers/look-until.js';
import { mountsOf } from '../helpers/own-mounts.js';
import { killProcess } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
const isRoot = process.getuid?.() === 0;

let root: string;
const host = (...names: string[]): string => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'boxlite-volumes-'));
  for (const name of ['work', 'closed']) await mkdir(host(name));
  await writeFile(host('work', 'ours'), 'ours\n');
  await writeFile(host('closed', 'file'), 'as it was\n');
  await writeFile(host('single'), 'one\n');
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a box with volumes', () => {
  it('keeps them over stop and start, and from a boot', async () => {
    const volume = ['-v', `${host('work')}:/data`];
    const script = 'echo run >> /data/runs; wc -l < /data/runs';
    await home.ok(['create', '--name', 'again', ...volume, 'busybox', 'sh', '-c', script]);
    expect(await home.ok(['start', '-a', 'again'])).toBe('1');
    expect(await home.ok(['start', '-a', 'again'])).toBe('2');
    await home.ok(['rm', 'again']);
    expect(await home.ok(['run', '--rm', '--cold', ...volume, 'busybox', 'sh', '-c', script])).toBe(
      '3',
    );
  });

  it('is told when a path of the host is gone, or leads elsewhere by now', async () => {
    await mkdir(host('short-lived'));
    const volume = `${host('short-lived')}:/data`;
    await home.ok(['create', '--name', 'late', '-v', volume, 'busybox', 'true']);
    await rename(host('short-lived'), host('moved'));
    const gone = await home.boxlite(['start', '-a', 'late']);
    expect(gone.status).toBe(125);
    expect(gone.stderr).toContain(
      `the volume for /data is gone from the host: ${host('short-lived')}`,
    );
    await symlink('moved', host('short-lived'));
    const led = await home.boxlite(['start', '-a', 'late']);
    expect(led.status).toBe(125);
    expect(led.stderr).toContain('its path has a symbolic link since the box was made');
    await rm(host('short-lived'));
    await rename(host('moved'), host('short-lived'));
    await home.ok(['start', '-a', 'late']);
    await home.ok(['rm', 'late']);
  });

  it('shares them with others that run at the same time', async () => {
    await mkdir(host('common'));
    const names = ['a', 'b', 'c'];
    const script = (name: string): string =>
      `echo ${name} > /data/${name}
       until [ -e /data/a -a -e /data/b -a -e /data/c ]; do sleep 0.1; done; cat /data/*`;
    const outputs = await Promise.all(
      names.map((name) =>
        home.ok([
          ...['run', '--rm', '-v', `${host('common')}:/data`],
          ...['busybox', 'sh', '-c', script(name)],
        ]),
      ),
    );
    expect(outputs).toEqual(['a\nb\nc', 'a\nb\nc', 'a\nb\nc']);
  });

  it('leaves no mount and no process behind when its shim is killed', async () => {
    const volume = ['-v', `${host('work')}:/data`];
    await home.ok(['run', '-d', '--name', 'killed', ...volume, 'busybox', 'sleep', '6000']);
    const format = '{{.Boxlite.ShimPid}} {{.State.Pid}}';
    const pids = (await home.ok(['inspect', '--format', format, 'killed'])).split(' ').map(Number);
    expect(mountsOf(root, home.path)).toEqual([]);
    killProcess(pids[0] ?? 0);
    await home.ok(['wait', 'killed']);
    await home.ok(['rm', '-f', 'killed']);
    // The kernel takes a while to end the VMM.
    const left = async () => (await home.processes()).filter(({ pid }) => pids.includes(pid));
    await lookUntil(left, (found) => found.length === 0);
    expect(mountsOf(root, home.path)).toEqual([]);
    expect(await stat(host('work'))).toBeTruthy();
  });

  it('is made with a new directory by -v, and not by --mount', async () => {
    const args = ['run', '--rm', '-v', `${host('made', 'by', 'v')}:/data`, 'busybox'];
    await home.ok([...args, 'touch', '/data/file']);
    expect(await readdir(host('made', 'by', 'v'))).toEqual(['file']);
    const mount = `type=bind,source=${host('not-made')},target=/data`;
    expect(await home.boxlite(['run', '--rm', '--mount', mount, 'busybox', 'true'])).toEqual({
      status: 125,
      stdout: Buffer.from(''),
      stderr: `boxlite: invalid mount config for type "bind": bind source path does not exist: ${host('not-made')}\n`,
    });
    expect((await readdir(root)).includes('not-made')).toBe(false);
  });

  it('takes ./ from where the command is typed, and each place once', async () => {
    const args = ['run', '--rm', '-v', './closed:/data:ro', 'busybox', 'cat', '/data/file'];
    expect(await home.ok(args, { cwd: root })).toBe('as it was');
    const twice = await home.boxlite([
      ...['run', '--rm', '-v', `${root}:/data`, '--tmpfs', '/data/', 'busybox', 'true'],
    ]);
    expect([twice.status, twice.stderr]).toEqual([125, 'boxlite: Duplicate mount point: /data\n']);
  });

  it('is told by name what can’t be mounted where', async () => {
    const file = await home.boxlite([
      ...['run', '--rm', '-v', `${host('single')}:/etc`, 'busybox', 'true'],
    ]);
    expect(file.status).toBe(125);
    expect(file.stderr).toContain("can't mount at /etc, which is a directory");
    const inside = await home.boxlite([
      ...['run', '--rm', '-v', `${host('closed')}:/a:ro`, '-v', `${host('work')}:/a/b`],
      ...['busybox', 'true'],
    ]);
    expect(inside.status).toBe(125);
    expect(inside.stderr).toMatch(/can't .*\/a\/b: Read-only file system/);
  });

  it.runIf(isRoot)('of root is refused on a file system that would have to be root’s', async () => {
    const { status, stderr } = await home.boxlite([
      ...['run', '--rm', '-v', '/proc/sys:/host:ro', 'busybox', 'true'],
    ]);
    expect(status).toBe(125);
    expect(stderr).toMatch(/volume \/proc\/sys: .*no id-mapped mounts.*run boxlite as an ordinary/);
  });

  it('may be exported when it does not run, without them', async () => {
    await home.ok([
      ...['create', '--name', 'packed', '-v', `${host('work')}:/data`, 'busybox', 'true'],
    ]);
    const { status, stdout } = await home.boxlite(['export', 'packed']);
    expect(status).toBe(0);
    expect(stdout.includes('data/ours')).toBe(false);
    await home.ok(['rm', 'packed']);
  });
});

describe('a tmpfs', () => {
  it('has the size, mode and flags it was given, and Docker’s otherwise', async () => {
    const script = `
      grep -E ' /(a|b|c|home|tmp) ' /proc/mounts | cut -d ' ' -f 2-4 | sed s/,inode64// | sort
      stat -c '%n %a' /a /b /c /home /tmp; touch /c/x; cp /bin/busybox /b/; /b/busybox echo runs
      dd if=/dev/zero of=/b/fill bs=64k count=64 2>&1 | grep -o 'No space.*'`;
    const output = await home.boxlite([
      ...['run', '--rm', '--tmpfs', '/a', '--tmpfs', '/b:size=3m,mode=1700,exec,uid=5'],
      ...['--tmpfs', '/c:ro', '--tmpfs', '/home', '--mount'],
      ...['type=tmpfs,target=/tmp,tmpfs-size=64k,tmpfs-mode=0750', 'busybox', 'sh', '-c', script],
    ]);
    expect(output.stdout.toString().trimEnd().split('\n')).toEqual([
      '/a tmpfs rw,nosuid,nodev,noexec,relatime',
      '/b tmpfs rw,nosuid,nodev,relatime,size=3072k,mode=1700,uid=5',
      '/c tmpfs ro,nosuid,nodev,noexec,relatime',
      '/home tmpfs rw,nosuid,nodev,noexec,relatime',
      '/tmp tmpfs rw,nosuid,nodev,noexec,relatime,size=64k,mode=750',
      ...['/a 1777', '/b 1700', '/c 1777', '/home 755', '/tmp 750', 'runs'],
      'No space left on device',
    ]);
    expect(output.stderr).toBe('touch: /c/x: Read-only file system\n');
  });

  it('is empty after each start', async () => {
    const script = 'ls -A /run; touch /run/file';
    await home.ok([
      ...['create', '--name', 'forgets', '--tmpfs', '/run', 'busybox', 'sh', '-c', script],
    ]);
    expect(await home.ok(['start', '-a', 'forgets'])).toBe('');
    expect(await home.ok(['start', '-a', 'forgets'])).toBe('');
    await home.ok(['rm', 'forgets']);
  });
});
