import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTreeLister, toLines } from '../helpers/list-tree.js';
import { killProcess, programOf } from '../helpers/processes.js';
import { tar, type TarFields } from '../helpers/tar-builder.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
let scratch: string;
const isRoot = process.getuid?.() === 0;

const disk = (name: string, target: string, ...more: string[]): string[] => [
  '--mount',
  [
    `type=volume,src=${name},dst=${target}`,
    'volume-opt=type=disk',
    'volume-opt=size=64m',
    ...more,
  ].join(),
];
const shared = (name: string, target: string, ...more: string[]): string[] => [
  '--mount',
  [`type=volume,src=${name},dst=${target}`, 'volume-opt=type=shared', ...more].join(),
];

/** One of each kind, with owners, modes, times, links and attributes. */
const tree = (top: string): TarFields[] => [
  { name: `${top}/`, type: '5', mode: 0o1770, uid: 70, gid: 71, mtime: 1_000_000_000 },
  {
    ...{
      name: `${top}/file`,
      content: 'text',
      mode: 0o751,
      uid: 72,
      gid: 73,
      mtime: 1_100_000_000,
    },
    pax: { 'SCHILY.xattr.user.note': 'kept' },
  },
  { name: `${top}/closed/`, type: '5', mode: 0o500, uid: 72, mtime: 1_200_000_000 },
  { name: `${top}/closed/other`, type: '1', linkName: `${top}/file` },
  { name: `${top}/link`, type: '2', linkName: '/etc/passwd', uid: 74, mtime: 1_300_000_000 },
  { name: `${top}/program`, mode: 0o4755 },
  { name: `${top}/fifo`, type: '6', mode: 0o640 },
  { name: `${top}/null`, type: '3', major: 1, minor: 3 },
  { name: `${top}/inner/`, type: '5' },
  { name: `${top}/inner/file`, content: 'inside' },
];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-volume-files-'));
  const programs = await mkdtemp(join(tmpdir(), 'boxlite-disk-volumes-'));
  const lister = await readFile(await buildTreeLister(programs));
  await rm(programs, { recursive: true });
  const image = tar(
    ...['bin/', 'tmp/', 'etc/'].map((name) => ({ name, type: '5' })),
    { name: 'bin/busybox', content: await readFile('/bin/busybox'), mode: 0o755 },
    ...['sh', 'cat', 'ls', 'dd', 'sync', 'sleep'].map((name) => ({
      ...{ name: `bin/${name}`, type: '1', linkName: 'bin/busybox' },
    })),
    { name: 'bin/list-tree', content: lister, mode: 0o755 },
    ...['original', 'disk', 'shared', 'nest', 'plain', 'read', 'closed'].flatMap(tree),
  );
  await home.ok(['import', '-', 'seeded'], { input: image });
  await home.ok([
    ...['run', '-d', '--name', 'box'],
    ...[...disk('data', '/disk'), ...shared('copied', '/shared')],
    ...[...disk('read', '/read', 'readonly'), ...shared('closed', '/closed', 'readonly')],
    // The inner one comes first: only the paths decide the order of mounting.
    ...[...disk('inner', '/nest/inner'), ...shared('nest', '/nest')],
    ...disk('plain', '/plain', 'volume-nocopy'),
    ...['seeded', 'sleep', '6000'],
  ]);
});
afterAll(async () => {
  await home.boxlite(['rm', '-f', 'box']);
  await rm(scratch, { recursive: true });
});

async function superBlock(path: string): Promise<Buffer> {
  await using file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(1024), 0, 1024, 1024);
  return buffer;
}

const sh = (script: string): Promise<string> => home.ok(['exec', 'box', 'sh', '-c', script]);
const listing = async (path: string): Promise<string[]> => toLines(await sh(`list-tree ${path}`));

describe('a new volume', () => {
  it('of type disk gets all that the image has there', async () => {
    expect(await listing('/disk')).toEqual(await listing('/original'));
  });

  it.runIf(isRoot)('of type shared gets it, but for devices', async () => {
    // The jail lets no box make these on the host.
    const isRefused = (line: string): boolean => /^\.\/(null|program) /.test(line);
    const expected = (await listing('/original')).filter((line) => !isRefused(line));
    expect((await listing('/shared')).filter((line) => !isRefused(line))).toEqual(expected);
    expect(await sh('busybox stat -c %a /shared/program')).toBe('755');
  });

  it('that the box may only read gets it as a disk, and stays empty on the host', async () => {
    expect(await sh('cat /read/file; ls -A /closed')).toBe('text');
    for (const path of ['/read/new', '/closed/new']) {
      const { status, stderr } = await home.boxlite(['exec', 'box', 'sh', '-c', `> ${path}`]);
      expect([status, stderr]).toEqual([1, `sh: can't create ${path}: Read-only file system\n`]);
    }
    expect(await readdir(join(home.path, 'volumes/closed/_data'))).toEqual([]);
  });

  it('inside another gets what the image has, and so does the outer one', async () => {
    expect(await sh('cat /nest/inner/file /nest/file; mkdir /nest/inner/new; ls /nest/inner')).toBe(
      'insidetextfile\nnew',
    );
    expect(await readFile(join(home.path, 'volumes/nest/_data/inner/file'), 'utf8')).toBe('inside');
  });

  it('stays empty with volume-nocopy', async () => {
    expect(await sh('ls -A /plain')).toBe('');
  });
});

describe.each([
  ['disk', 'data', '/disk'],
  ['shared', 'copied', '/shared'],
])('the files of a volume of type %s that a running box has', (kind, name, place) => {
  it('are copied in and out, whatever the box has mounted there', async () => {
    await writeFile(join(scratch, 'seed'), 'seed\n');
    await home.ok(['volume', 'cp', join(scratch, 'seed'), `${name}:/closed/seed`]);
    expect(await sh(`cat ${place}/closed/seed; rm -f ${place}/closed/seed`)).toBe('seed');
    await home.ok(['volume', 'cp', `${name}:/file`, join(scratch, `${kind}-file`)]);
    expect(await readFile(join(scratch, `${kind}-file`), 'utf8')).toBe('text');
  });

  it('are no others, wherever the box’s links lead', async () => {
    await sh(`ln -s / ${place}/up; ln -s ../../../../../../etc ${place}/out`);
    for (const path of ['/up/etc/hostname', '/out/hostname', '/../../etc/hostname']) {
      const { status, stderr } = await home.boxlite(['volume', 'cp', `${name}:${path}`, scratch]);
      expect(status).toBe(1);
      expect(stderr).toMatch(`boxlite: Could not find the file /`);
      expect(stderr).toContain(` in volume ${name}\n`);
    }
    // The volume is the root of its links.
    await home.ok(['volume', 'cp', join(scratch, 'seed'), `${name}:/up/inner/seed`]);
    expect(
      await sh(`cat ${place}/inner/seed; rm ${place}/inner/seed ${place}/up ${place}/out`),
    ).toBe('seed');
  });
});

describe('a volume of type disk', () => {
  it('has what nobody synced when its box is removed at once', async () => {
    const run = (...more: string[]): string[] => ['run', ...more, ...disk('late', '/late')];
    await home.ok([...run('--rm'), 'busybox', 'sh', '-c', 'echo first > /late/file']);
    const write = 'cat /late/file; echo second > /late/file; echo done; sleep 6000';
    await home.ok([...run('-d', '--name', 'late-box'), 'busybox', 'sh', '-c', write]);
    const logs = home.start(['logs', '-f', 'late-box']);
    await logs.output(/first\ndone/);
    logs.child.kill('SIGKILL');
    await logs.result;
    await home.ok(['pause', 'late-box']);
    await home.ok(['rm', '-f', 'late-box']);
    expect(await home.ok([...run('--rm'), 'busybox', 'cat', '/late/file'])).toBe('second');
  });

  it('in which errors were found says so at each start, and how to check it', async () => {
    const path = join(home.path, 'volumes/late/disk');
    const run = ['run', '--rm', ...disk('late', '/late'), 'busybox', 'cat', '/late/file'];
    await execa('tune2fs', ['-E', 'force_fsck', path]);
    const { status, stdout, stderr } = await home.boxlite(run);
    expect([status, stdout.toString()]).toEqual([0, 'second\n']);
    const [check = ''] = /e2fsck -f .*/.exec(stderr) ?? [];
    expect(stderr).toBe(
      `boxlite: the file system of volume late has errors; check it when no box runs with it: ${check}\n`,
    );
    // It has errors to correct: of the counts that a kill left.
    const [program = '', ...args] = check.split(' ');
    await execa(program, ['-y', ...args], { reject: false });
    expect((await home.boxlite(run)).stderr).toBe('');
  });

  it('that is damaged is not mounted, and stays as it is', async () => {
    const path = join(home.path, 'volumes/late/disk');
    await using file = await open(path, 'r+');
    // The checksum of the super block.
    await file.write(Buffer.alloc(4, 0x5a), 0, 4, 2044);
    const before = await superBlock(path);
    const run = ['run', '--name', 'hurt', ...disk('late', '/late'), 'busybox', 'true'];
    const { status, stderr } = await home.boxlite(run);
    expect([status, stderr]).toEqual([125, expect.stringMatching(/volume late: .*Bad message/)]);
    expect(stderr).toContain('\na damaged volume stays as it is: bring back a copy of it');
    expect(await superBlock(path)).toEqual(before);
    await home.ok(['rm', 'hurt']);
    await home.ok(['volume', 'rm', 'late']);
  });

  it('is not copied while a box has it', async () => {
    const { status, stderr } = await home.boxlite(['volume', 'create', '--from', 'data', 'copy']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('data is in use by box box')]);
  });

  it('is exported through the box, without what is mounted in it, and imported by a machine of its own', async () => {
    const archive = join(scratch, 'data.tar');
    await home.ok(['volume', 'export', '-o', archive, 'data']);
    await home.ok(['volume', 'create', '--opt', 'type=disk', '--opt', 'size=64m', 'imported']);
    await home.ok(['volume', 'import', 'imported', archive]);
    const killed = await home.boxlite(['volume', 'import', 'imported', archive], {
      env: { BOXLITE_CRASH_AT: 'volume:machine-up' },
    });
    expect(killed.status).toBe('SIGKILL');
    await home.ok(['volume', 'create', '--from', 'imported', 'twice']);
    const list = ['seeded', 'sh', '-c', 'list-tree /x; list-tree /y'];
    const both = await home.ok([
      'run',
      '--rm',
      ...disk('imported', '/x'),
      ...disk('twice', '/y'),
      ...list,
    ]);
    const expected = await listing('/disk');
    expect(toLines(both)).toEqual([...expected, ...expected]);
    await home.ok(['volume', 'rm', 'imported', 'twice']);
  });
  it('that is full gives ENOSPC', async () => {
    const fill = 'dd if=/dev/zero of=/plain/much bs=1M count=80 2>&1; busybox rm /plain/much';
    expect(await sh(fill)).toContain('No space left on device');
  });

  it('is refused to a second box while the first one runs', async () => {
    const { status, stderr } = await home.boxlite([
      'run',
      '--name',
      'second',
      ...disk('data', '/x'),
      'seeded',
      'ls',
    ]);
    expect(status).toBe(125);
    expect(stderr).toContain('volume data is in use by box box');
    await home.ok(['rm', 'second']);
  });

  it('keeps what was synced when its VMM is killed, and its box removed', async () => {
    await sh('echo kept > /disk/file2; sync; echo lost > /disk/unsynced');
    const vmm = (await home.processes()).find((each) => programOf(each).includes('qemu'));
    killProcess(vmm?.pid ?? 0);
    await home.ok(['wait', 'box']);
    await home.ok(['rm', 'box']);
    const script = 'cat /x/file2; ls -A /x/inner; list-tree /x | busybox head -1';
    // Its attributes are those of the first box's image still: it is not empty.
    expect(
      await home.ok(['run', '--rm', ...disk('data', '/x'), 'seeded', 'sh', '-c', script]),
    ).toMatch(/^kept\nfile\n\. /);
  });
});

describe('a box that has never run', () => {
  it('is copied into and out of where its volumes are, which have got the image’s files', async () => {
    const mounts = [...disk('cold', '/disk'), ...shared('cool', '/shared')];
    await home.ok(['create', '--name', 'still', ...mounts, 'seeded', 'sleep', '6000']);
    await home.ok(['cp', 'still:/disk/file', join(scratch, 'cold-file')]);
    expect(await readFile(join(scratch, 'cold-file'), 'utf8')).toBe('text');
    for (const place of ['/disk', '/shared'])
      await home.ok(['cp', join(scratch, 'seed'), `still:${place}/seed`]);
    expect(await readFile(join(home.path, 'volumes/cool/_data/seed'), 'utf8')).toBe('seed\n');
    await home.ok(['volume', 'cp', 'cold:/seed', join(scratch, 'cold-seed')]);
    await home.ok(['start', 'still']);
    const script = 'cat /disk/seed /disk/file /shared/seed /shared/file';
    expect(await home.ok(['exec', 'still', 'sh', '-c', script])).toBe('seed\ntextseed\ntext');
    const { status, stderr } = await home.boxlite(['volume', 'create', '--from', 'cool', 'warm']);
    expect([status, stderr]).toEqual([0, expect.stringContaining('in use by box still')]);
    await home.ok(['rm', '-f', 'still']);
  });
});

describe('a part of a volume', () => {
  it.each([
    ['disk', disk],
    ['shared', shared],
  ] as const)('of type %s is mounted alone', async (_kind, mount) => {
    const name = mount === disk ? 'data' : 'copied';
    const run = [
      'run',
      '--rm',
      ...mount(name, '/x', 'volume-subpath=inner'),
      'seeded',
      'ls',
      '-A',
      '/x',
    ];
    expect(await home.ok(run)).toBe('file');
  });

  it.each([
    ['that is not there', 'none/such', 'No such file or directory'],
    ['that a link leads out to', 'link', 'No such file or directory'],
  ])('%s is refused by its name', async (_what, subpath, reason) => {
    const mount = disk('data', '/x', `volume-subpath=${subpath}`);
    const { status, stderr } = await home.boxlite(['run', '--rm', ...mount, 'seeded', 'ls']);
    expect(status).toBe(125);
    expect(stderr).toContain(`can't mount "${subpath}" of volume data at /x: ${reason}`);
  });
});
