import {
  appendFile,
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
import { mountsOf } from '../helpers/own-mounts.js';
import { sharedVolume } from '../helpers/shared-volume.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
const isRoot = process.getuid?.() === 0;

let root: string;
const host = (...names: string[]): string => join(root, ...names);
const { sh, calls, place } = sharedVolume(home, { box: 'box', programs: '/bin-of-host', host });

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
    'watched',
    'watched/sub',
    'inner',
    'odd: name, "x"',
  ])
    await mkdir(host(name));
  await chmod(host('work', 'grouped'), 0o2755);
  await buildGuestProgram(host('bin'), 'file-calls');
  await buildGuestProgram(host('bin'), 'watch-events');
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
    ...['-v', `${host('watched')}:/watched:ro,watch`],
    ...['busybox', 'sleep', '6000'],
  ]);
});

afterAll(async () => {
  await home.boxlite(['rm', '-f', 'box']);
  await rm(root, { recursive: true, force: true });
});

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
      ...['symlink ok', 'link ok', 'links 2', 'bytes ok', 'long ok'],
    ]);
    const names = await readdir(host('work', 'kinds'), { encoding: 'buffer' });
    expect(names.map((name) => name.toString('latin1')).sort()).toEqual(
      ['fifo', 'one', 'socket', 'symlink', 'two', '\xff\xfe\x80', 'n'.repeat(255)].sort(),
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
    expect(mountsOf(root, home.path)).toEqual([]);
  });
});

describe('a volume that is watched', () => {
  const events = async (name: string): Promise<string[]> =>
    (await sh(`cat /tmp/${name}`)).split('\n');
  const eventually = async (name: string, ...wanted: string[]): Promise<void> => {
    await lookUntil(
      () => events(name),
      (seen) => wanted.every((each) => seen.includes(each)),
    );
  };
  const watch = async (name: string, options: string[], ...paths: string[]): Promise<void> => {
    const script = `exec /bin-of-host/watch-events ${paths.join(' ')} > /tmp/${name} 2>&1`;
    await home.ok(['exec', '-d', ...options, 'box', 'sh', '-c', script]);
    await eventually(name, 'ready');
  };

  it("tells the box's inotify what the host does in it", async () => {
    await writeFile(host('watched', 'file'), 'first\n');
    await watch('seen', [], '/watched', '/watched/sub', '/watched/file');
    await appendFile(host('watched', 'file'), 'second\n');
    await eventually('seen', '/watched modify file', '/watched/file modify');
    await writeFile(host('watched', 'draft'), 'third\n');
    await eventually('seen', '/watched create draft', '/watched written draft');
    await rename(host('watched', 'draft'), host('watched', 'file'));
    await eventually('seen', '/watched from draft', '/watched to file', '/watched/file deleted');
    await rename(host('watched', 'file'), host('watched', 'sub', 'moved'));
    await eventually('seen', '/watched/sub to moved');
    await rm(host('watched', 'sub', 'moved'));
    await eventually('seen', '/watched/sub delete moved');
    await mkdir(host('watched', 'made'));
    await eventually('seen', '/watched create made/');
    await rm(host('watched', 'sub'), { recursive: true });
    await eventually('seen', '/watched delete sub/', '/watched/sub deleted');
  });

  it('tells no user of what only others may read', async () => {
    await mkdir(host('watched', 'of-root'), { mode: 0o700 });
    await mkdir(host('watched', 'of-root', 'in'), { mode: 0o755 });
    const inside = '/watched/of-root/in';
    await watch('refused', ['--user', '1000'], '/watched/of-root', inside, '/watched');
    await writeFile(host('watched', 'of-root', 'secret'), '');
    await writeFile(host('watched', 'public'), '');
    await eventually('refused', '/watched create public');
    const seen = await events('refused');
    expect(seen[0]).toBe('/watched/of-root: Permission denied');
    expect(seen[1]).toBe(`${inside}: Permission denied`);
    expect(seen.filter((each) => each.includes('secret'))).toEqual([]);
  });

  it('watches what has taken the place of a directory unseen', async () => {
    const [dist, watched] = [host('watched', 'made', 'dist'), '/watched/made/dist/assets'];
    await mkdir(join(dist, 'assets'), { recursive: true });
    await watch('before', [], watched);
    await rename(dist, host('watched', 'made', 'old'));
    await mkdir(join(dist, 'assets'), { recursive: true });
    await watch('after', [], watched);
    await writeFile(join(dist, 'assets', 'new'), '');
    await eventually('after', `${watched} create new`);
  });

  it('follows no link out of it', async () => {
    await symlink('../outside', host('watched', 'out'));
    await watch('link', [], '/watched/out');
    expect(await events('link')).toEqual(['/watched/out: No such file or directory', 'ready']);
  });
});
