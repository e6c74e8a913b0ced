import { readFileSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { lookUntil } from '../helpers/look-until.js';
import { OrdinaryUser } from '../helpers/ordinary-user.js';
import { killProcess } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
const isRoot = process.getuid?.() === 0;

let root: string;
const host = (...names: string[]): string => join(root, ...names);

beforeAll(async () => {
  // Other tests' boxes may not see it in their own /tmp.
  root = await mkdtemp(join(tmpdir(), 'boxlite-volumes-'));
  await chmod(root, 0o755);
  for (const name of [
    'bin',
    'work',
    'work/grouped',
    'closed',
    'outside',
    'inner',
    'odd: name, "x"',
  ])
    await mkdir(host(name));
  await chmod(host('work', 'grouped'), 0o2755);
  await buildGuestProgram(host('bin'), 'file-calls');
  await writeFile(host('closed', 'file'), 'as it was\n');
  await writeFile(host('outside', 'found'), 'host');
  await writeFile(host('single'), 'one\n');
  await home.ok([
    ...['run', '-d', '--name', 'box', '--read-only', '--tmpfs', '/tmp'],
    ...['-v', `${host('bin')}:/bin-of-host:ro`, '-v', `${host('work')}:/shared`],
    ...['-v', `${host('closed')}:/closed:ro`, '-v', `${host('single')}:/etc/single`],
    // The inner one comes first: only the paths decide the order of mounting.
    ...['-v', `${host('inner')}:/shared/made/inner`, '-v', `${host('closed')}:/home:ro`],
    ...['--mount', `type=bind,"source=${host('odd: name, ""x""')}",target=/odd`],
    ...['busybox', 'sleep', '6000'],
  ]);
});

afterAll(async () => {
  await home.boxlite(['rm', '-f', 'box']);
  await rm(root, { recursive: true, force: true });
});

const sh = (script: string): Promise<string> => home.ok(['exec', 'box', 'sh', '-c', script]);
const calls = async (...args: string[]): Promise<string[]> =>
  (await home.ok(['exec', 'box', '/bin-of-host/file-calls', ...args])).split('\n');

/** An empty directory on the writable volume. */
async function place(name: string): Promise<string> {
  await mkdir(host('work', name));
  return `/shared/${name}`;
}

/** Only our own mounts: others come and go. */
const mounts = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(root) || line.includes(home.path));

describe('a volume', () => {
  it('shows on both sides at once what the other does', async () => {
    await writeFile(host('work', 'theirs'), 'first\n');
    expect(await sh('cat /shared/theirs')).toBe('first');
    await writeFile(host('work', 'theirs'), 'second, longer\n');
    expect(await sh('cat /shared/theirs; echo ours > /shared/ours; mkdir /shared/new')).toBe(
      'second, longer',
    );
    expect(await readFile(host('work', 'ours'), 'utf8')).toBe('ours\n');
    const [file, directory] = await Promise.all([
      stat(host('work', 'ours')),
      stat(host('work', 'new')),
    ]);
    expect([file.uid, file.mode & 0o7777]).toEqual([process.getuid?.(), 0o644]);
    expect([directory.uid, directory.mode & 0o7777]).toEqual([process.getuid?.(), 0o755]);
  });

  it.runIf(isRoot)('of root keeps owners as they are, both ways', async () => {
    const at = await place('owned');
    await sh(`touch ${at}/file; chown 1000:2000 ${at}/file; chown 65535 ${at}`);
    const owned = await stat(host('work', 'owned', 'file'));
    expect([owned.uid, owned.gid]).toEqual([1000, 2000]);
    expect((await stat(host('work', 'owned'))).uid).toBe(65_535);
    expect(await sh(`stat -c %u:%g ${at}/file`)).toBe('1000:2000');
    await sh(`chmod 1777 ${at}`);
    await home.ok(['exec', '-u', '7:8', 'box', 'sh', '-c', `umask 27; echo x > ${at}/by7`]);
    const by7 = await stat(host('work', 'owned', 'by7'));
    expect([by7.uid, by7.gid, by7.mode & 0o777]).toEqual([7, 8, 0o640]);
  });

  it('that is read-only can’t be written, whatever root in the box does', async () => {
    const script = `
      echo x > /closed/file; touch /closed/new; rm /closed/file
      mount -o remount,rw /closed; umount /closed; touch /home/new`;
    const { stderr } = await home.boxlite(['exec', 'box', 'sh', '-c', script]);
    expect(stderr.match(/Read-only file system/g)).toHaveLength(4);
    expect(stderr.match(/permission denied|Operation not permitted/gi)).toHaveLength(2);
    expect(await readdir(host('closed'))).toEqual(['file']);
    expect(await readFile(host('closed', 'file'), 'utf8')).toBe('as it was\n');
  });

  it('may be one file, may lie over the image’s directory, and inside another volume', async () => {
    expect(await sh('cat /etc/single; echo two >> /etc/single; ls /home')).toBe('one\nfile');
    expect(await readFile(host('single'), 'utf8')).toBe('one\ntwo\n');
    await sh('echo in > /shared/made/inner/file; echo odd > /odd/file');
    expect(await readdir(host('work', 'made', 'inner'))).toEqual([]);
    expect(await readdir(host('inner'))).toEqual(['file']);
    expect(await readFile(host('odd: name, "x"', 'file'), 'utf8')).toBe('odd\n');
  });

  it('is there in a box whose root is read-only, which stays so', async () => {
    const { status, stderr } = await home.boxlite(['exec', 'box', 'touch', '/file']);
    expect([status, stderr]).toEqual([1, 'touch: /file: Read-only file system\n']);
    expect(await sh('touch /shared/in-read-only /tmp/file; ls -a /dev | grep share; echo')).toBe(
      '',
    );
  });

  it('is left through no link and no “..”', async () => {
    const at = await place('links');
    await symlink(host('outside'), host('work', 'links', 'absolute'));
    await symlink('../../outside', host('work', 'links', 'relative'));
    await symlink('/etc/hostname', host('work', 'links', 'name'));
    const script = `
      cd ${at}; cat name; cat absolute/found relative/found ../../outside/found
      echo x > absolute/new; ls ${host('outside')}; ls /shared/../..  | grep -c outside`;
    const { stdout, stderr } = await home.boxlite(['exec', 'box', 'sh', '-c', script]);
    // The box's own file of that name, not the host's.
    expect(stdout.toString()).toBe(`${await sh('hostname')}\n0\n`);
    expect(stderr.match(/No such file or directory|nonexistent directory/g)).toHaveLength(5);
    expect(await readdir(host('outside'))).toEqual(['found']);
  });

  it('is not left by whoever swaps a directory for a link while another opens through it', async () => {
    const at = await place('swapped');
    // The same path in the box's own memory, which the link leads to inside the box.
    await sh(`mkdir -p ${host('outside')} && echo box > ${host('outside', 'found')}`);
    const found = await calls(at, 'swapped', '400', host('outside'));
    expect(found).toEqual([
      'mine some',
      expect.stringMatching(/^box /),
      'host 0',
      expect.any(String),
    ]);
    expect(await readdir(host('outside'))).toEqual(['found']);
    expect(await readFile(host('outside', 'found'), 'utf8')).toBe('host');
  });

  it('takes FIFOs, sockets, links and names of any bytes, and no devices', async () => {
    const at = await place('kinds');
    expect(await calls(at, 'made')).toEqual([
      ...['fifo ok', 'socket ok', 'character EPERM', 'block EPERM'],
      ...['symlink ok', 'link ok', 'links 2', 'bytes ok'],
    ]);
    const names = await readdir(host('work', 'kinds'), { encoding: 'buffer' });
    expect(names.map((name) => name.toString('latin1')).sort()).toEqual(
      ['fifo', 'one', 'socket', 'symlink', 'two', '\xff\xfe\x80'].sort(),
    );
    expect((await lstat(host('work', 'kinds', 'fifo'))).isFIFO()).toBe(true);
    expect((await lstat(host('work', 'kinds', 'socket'))).isSocket()).toBe(true);
    expect((await stat(host('work', 'kinds', 'one'))).nlink).toBe(2);
    await sh(
      `chmod 600 ${at}/fifo; (echo through > ${at}/fifo &); test "$(cat ${at}/fifo)" = through`,
    );
    expect((await lstat(host('work', 'kinds', 'fifo'))).mode & 0o7777).toBe(0o600);
    expect(await calls(at, 'connected')).toEqual(['bind ok', 'listen ok', 'connect ok']);
  });

  it('takes no set-user-ID and set-group-ID, but gives a new directory its parent’s', async () => {
    const at = await place('ids');
    await mkdir(host('work', 'ids', 'grouped'));
    await chmod(host('work', 'ids', 'grouped'), 0o2755);
    expect(await calls(at, 'set-ids')).toEqual([
      ...['open EPERM', 'open-group EPERM', 'chmod EPERM', 'chmod-group EPERM', 'fchmod EPERM'],
      ...[
        'mknod EPERM',
        'fifo EPERM',
        'mkdir ok',
        'directory EPERM',
        'in-set-group ok',
        'sticky ok',
      ],
    ]);
    const modes = async (...names: string[]): Promise<number> =>
      (await lstat(host('work', 'ids', ...names))).mode & 0o7000;
    expect((await readdir(host('work', 'ids'))).sort()).toEqual([
      ...['directory', 'grouped', 'plain', 'sticky'],
    ]);
    expect(await Promise.all([modes('plain'), modes('directory')])).toEqual([0, 0]);
    expect(await modes('grouped', 'sub')).toBe(0o2000);
    expect(await modes('sticky')).toBe(0o1000);
  });

  it('has files renamed, locked and mapped', async () => {
    const at = await place('calls');
    expect(await calls(at, 'renamed')).toEqual([
      ...['file ok', 'over ok', 'directory ok', 'exchange EINVAL'],
      ...['opened ok', 'write ok', 'fstat ok'],
    ]);
    expect(await readFile(host('work', 'calls', 'to', 'open'), 'utf8')).toBe('after');
    expect(await calls(at, 'locked')).toEqual(['flock ok', 'fcntl ok']);
    expect(await calls(at, 'mapped')).toEqual(['shared ok', 'msync ok', 'read ok', 'same ok']);
    const mapped = await readFile(host('work', 'calls', 'mapped'), 'latin1');
    expect([mapped.slice(0, 6), mapped.slice(4096, 4101)]).toEqual(['parent', 'child']);
  });

  it('keeps an open file whose name is gone, but for its size and mode', async () => {
    expect(await calls(await place('unlinked'), 'unlinked')).toEqual([
      ...['unlink ok', 'pread ok', 'same ok', 'pwrite ok', 'fstat ok'],
      ...['ftruncate ENOENT', 'fchmod ENOENT'],
    ]);
    expect(await readdir(host('work', 'unlinked'))).toEqual([]);
  });

  it('may hold 20,000 files', async () => {
    const at = await place('many');
    await mkdir(host('work', 'many', 'many'));
    const name = (i: number): string => host('work', 'many', 'many', `host-${i}`);
    for (let i = 0; i < 20_000; i += 1) await writeFile(name(i), '');
    expect(await calls(`${at}/many`, 'counted')).toEqual(['20000']);
    await rm(host('work', 'many', 'many'), { recursive: true });
    expect(await calls(at, 'many', '500')).toEqual(['']);
    expect(await readdir(host('work', 'many', 'many'))).toHaveLength(500);
    expect(await readFile(host('work', 'many', 'many', '000499'), 'utf8')).toBe('many/000499');
  });

  // Files that an ordinary user's box creates belong to that user, which is root in the box: no other user
  // owns anything there.
  it.each(isRoot ? ['0', '1000:1000'] : ['0'])(
    'has trees unpacked and locks taken in it by user %s',
    async (user) => {
      const at = `/shared/user-${user.slice(0, 1)}`;
      await sh(`mkdir ${at} && chmod 777 ${at}`);
      const script = [
        `cd ${at} && mkdir -p from/a/b from/c && ln -s a/b from/link`,
        'for i in $(seq 30); do echo $i > from/a/b/$i; ln from/a/b/$i from/c/$i; done',
        'tar -cf - from | (mkdir to && tar -xf - -C to) && diff -r from to/from',
        '[ $(stat -c %h to/from/c/7) = 2 ] && readlink to/from/link',
        // The way in which a version control system changes a file: whoever creates the lock owns it, and the
        // lock file replaces the file.
        'set -C; for i in $(seq 10); do',
        '  : > ref.lock; (: > ref.lock) 2>/dev/null && echo taken twice',
        '  echo $i >| ref.lock && mv ref.lock ref && [ $(cat ref) = $i ] || echo lost $i',
        'done; rm -r from to && ls',
      ].join('\n');
      expect(await home.ok(['exec', '-u', user, 'box', 'sh', '-c', script])).toBe('a/b\nref');
    },
  );

  it('is shown by inspect', async () => {
    const text = await home.ok(['inspect', '--format', '{{json .Mounts}}', 'box']);
    expect((JSON.parse(text) as object[]).slice(2, 4)).toEqual([
      {
        ...{ Type: 'bind', Source: host('closed'), Destination: '/closed', Mode: 'ro' },
        ...{ RW: false, Propagation: 'rprivate' },
      },
      {
        ...{ Type: 'bind', Source: host('single'), Destination: '/etc/single', Mode: '' },
        ...{ RW: true, Propagation: 'rprivate' },
      },
    ]);
  });

  it('is no mount of the host', () => {
    expect(mounts()).toEqual([]);
  });
});

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
    expect(mounts()).toEqual([]);
    killProcess(pids[0] ?? 0);
    await home.ok(['wait', 'killed']);
    await home.ok(['rm', '-f', 'killed']);
    // The kernel takes a while to end the VMM.
    const left = async () => (await home.processes()).filter(({ pid }) => pids.includes(pid));
    await lookUntil(left, (found) => found.length === 0);
    expect(mounts()).toEqual([]);
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

describe.runIf(isRoot)('for a user who is not root', () => {
  let user: OrdinaryUser;

  beforeAll(async () => {
    // With a KVM that this user may not open, the machine would print a warning in between.
    user = await OrdinaryUser.create(await mkdtemp(host('user-')), { BOXLITE_ACCEL: 'tcg' });
    await mkdir(host('theirs'));
    await writeFile(host('theirs', 'of-root'), 'root\n');
    const { chown } = await import('node:fs/promises');
    await chown(host('theirs'), user.uid, user.uid);
  });

  it('all that the box makes is the user’s, and the user’s is the box’s root’s', async () => {
    const script = `
      stat -c %u:%g /w /w/of-root; echo x > /w/file; chmod 0 /w/file; cat /w/file; mkdir /w/d
      chown 7 /w/file; echo x >> /w/of-root; touch /b/x
      /b/file-calls /w/d set-ids | grep -c EPERM; /b/file-calls /w/d locked`;
    const { stdout, stderr } = await user.boxlite([
      ...['run', '--rm', '-v', `${host('theirs')}:/w`, '-v', `${host('bin')}:/b:ro`],
      ...['busybox', 'sh', '-c', script],
    ]);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'chown: /w/file: Invalid argument',
      "sh: can't create /w/of-root: Permission denied",
      'touch: /b/x: Read-only file system',
    ]);
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines).toEqual(['0:0', '65534:65534', 'x', '8', 'flock ok', 'fcntl ok']);
    const [file, directory] = await Promise.all([
      stat(host('theirs', 'file')),
      stat(host('theirs', 'd')),
    ]);
    expect([file.uid, file.mode & 0o7777, directory.uid]).toEqual([user.uid, 0, user.uid]);
  });

  it('one directory is given where the host allows no namespace, and more is refused', async () => {
    const one = ['run', '--rm', '-v', `${host('theirs')}:/w`];
    const script = 'echo y > /w/alone; chmod 4755 /w/alone; ls /w';
    const { status, stdout, stderr } = await user.boxlite(
      [...one, 'busybox', 'sh', '-c', script],
      false,
    );
    expect([status, stderr]).toEqual([0, 'chmod: /w/alone: Operation not permitted\n']);
    expect(stdout.toString()).toContain('alone\n');
    const closed = await user.boxlite(
      ['run', '--rm', '-v', `${host('theirs')}:/w:ro`, 'busybox', 'touch', '/w/x'],
      false,
    );
    expect(closed.stderr).toBe('touch: /w/x: Read-only file system\n');
    const two = await user.boxlite(
      [...one, '-v', `${host('bin')}:/b:ro`, 'busybox', 'true'],
      false,
    );
    expect(two.status).toBe(125);
    expect(two.stderr).toMatch(/a box with 2 volumes needs a user namespace.*\n.*single directory/);
    const file = await user.boxlite(
      ['run', '--rm', '-v', `${host('single')}:/x:ro`, 'busybox', 'true'],
      false,
    );
    expect(file.stderr).toContain('a box with a file as volume needs a user namespace');
  });
});
