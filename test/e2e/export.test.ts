import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longBytes, sha256 } from '../helpers/bytes.js';
import { killProcess, programOf } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
let files: string;
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'boxlite-export-'));
});
afterAll(() => rm(files, { recursive: true, force: true }));

const WRITE = [
  'echo one > /one; ln /one /two; ln -s one /three; mkfifo /four',
  'mkdir -p /deep/er; touch -d @-5 /deep/er/old; rm /bin/wc; sync',
].join('; ');

/** The names in the archive, with their kinds. */
function listing(archive: Buffer): string[] {
  return execFileSync('tar', ['-tvf', '-'], { input: archive, encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}

async function exported(box: string): Promise<Buffer> {
  const { status, stdout, stderr } = await home.boxlite(['export', box]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

describe('export', () => {
  it('gives what a stopped box has written, and leaves it as it was', async () => {
    const ran = await home.boxlite([
      'run',
      '--name',
      'ended',
      'busybox',
      'sh',
      '-c',
      `${WRITE}; exit 3`,
    ]);
    expect(ran.status).toBe(3);
    const before = await home.ok(['inspect', '--format', '{{json .State}}', 'ended']);
    const lines = listing(await exported('ended'));
    expect(await home.ok(['inspect', '--format', '{{json .State}}', 'ended'])).toBe(before);
    expect(await home.ok(['wait', 'ended'])).toBe('3');
    expect(await home.processes()).toEqual([]);
    for (const entry of [
      /^-.* one$/,
      /^h.* two link to one$/,
      /^l.* three -> one$/,
      /^p.* four$/,
      /1969-12-31 23:59 deep\/er\/old$/,
      / bin\/busybox$/,
    ])
      expect(
        lines.filter((line) => entry.test(line)),
        String(entry),
      ).toHaveLength(1);
    expect(lines.filter((line) => / bin\/wc( |$)/.test(line))).toEqual([]);
    await home.ok(['rm', 'ended']);
  });

  it('gives what a running box has, without what is mounted in it, and is not seen there', async () => {
    const script = `${WRITE}; echo x > /dev/shm/hidden; touch /ready; exec sleep 6000`;
    await home.ok(['run', '-d', '--name', 'running', 'busybox', 'sh', '-c', script]);
    await home.ok(['exec', 'running', 'sh', '-c', 'until [ -e /ready ]; do :; done']);
    const [archive, seen] = await Promise.all([
      exported('running'),
      home.ok(['exec', 'running', 'ps', '-o', 'args']),
    ]);
    const names = listing(archive).map((line) => line.split(' ').at(-1));
    expect(names).toContain('one');
    expect(names.filter((name) => name?.startsWith('proc/') && name !== 'proc/')).toEqual([]);
    expect(names).not.toContain('dev/shm/hidden');
    expect(seen.split('\n').slice(1)).toEqual(['sleep 6000', 'ps -o args']);
    await home.ok(['rm', '-f', 'running']);
  });

  it('gives every byte of a large file, and makes an image that runs', async () => {
    const bytes = longBytes(20_000_000);
    await home.boxlite(['run', '-i', '--name', 'large', 'busybox', 'sh', '-c', 'cat > /large'], {
      input: bytes,
    });
    const archive = join(files, 'large.tar');
    expect(await home.ok(['export', '-o', archive, 'large'])).toBe('');
    await home.ok(['import', archive, 'saved:1']);
    expect(await home.ok(['run', '--rm', 'saved:1', 'sha256sum', '/large'])).toBe(
      `${sha256(bytes)}  /large`,
    );
    await home.ok(['rm', 'large']);
  });

  it('of a box that never ran is its image', async () => {
    await home.ok(['create', '--name', 'new', 'busybox', 'true']);
    expect(listing(await exported('new')).some((line) => line.endsWith(' bin/busybox'))).toBe(true);
    expect(await home.ok(['ps', '-a', '--filter', 'name=new', '--format', '{{.Status}}'])).toBe(
      'Created',
    );
    await home.ok(['rm', 'new']);
  });

  it('several times at once, while the box is started, gives it whole each time', async () => {
    await home.ok(['create', '--name', 'busy', 'busybox', 'sleep', '6000']);
    const exports = [1, 2, 3].map(() => exported('busy'));
    await home.ok(['start', 'busy']);
    for (const archive of await Promise.all(exports))
      expect(listing(archive).some((line) => line.endsWith(' bin/busybox'))).toBe(true);
    await home.ok(['rm', '-f', 'busy']);
  });

  it('that is killed leaves a box that can be started, and no process', async () => {
    await home.ok(['run', '--name', 'victim', 'busybox', 'sh', '-c', 'echo run']);
    const cli = home.start(['export', 'victim']);
    cli.child.stdout.pause();
    await expect
      .poll(async () => (await home.processes()).some((each) => programOf(each).includes('qemu')))
      .toBe(true);
    killProcess(cli.child.pid ?? 0);
    await cli.result;
    await expect.poll(() => home.processes()).toEqual([]);
    expect(await home.ok(['start', '-a', 'victim'])).toBe('run');
    await exported('victim');
    const box = await home.ok(['inspect', '--format', '{{.Id}}', 'victim']);
    expect(await readdir(join(home.path, 'boxes', box))).not.toContain('.export');
    await home.ok(['rm', 'victim']);
  });

  it.each([
    ['a box nobody knows', ['nope'], 'boxlite: No such box: nope'],
    [
      'a directory that is not there',
      ['-o', '/no/such/x.tar', 'nope'],
      'boxlite: invalid output path',
    ],
  ])('of %s is an error', async (_what, args, message) => {
    const { status, stdout, stderr } = await home.boxlite(['export', ...args]);
    expect([status, stdout.toString()]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });

  it('leaves no half archive when the box is gone in the middle of it', async () => {
    await home.ok(['run', '-d', '--name', 'gone', 'busybox', 'sleep', '6000']);
    await home.ok(['exec', 'gone', 'sh', '-c', 'head -c 64000000 /dev/zero > /zeroes; sync']);
    const archive = join(files, 'gone.tar');
    const cli = home.start(['export', '-o', archive, 'gone']);
    const written = async (): Promise<number> => {
      const draft = (await readdir(files)).find((name) => name.endsWith('.partial'));
      return draft === undefined ? 0 : (await stat(join(files, draft))).size;
    };
    await expect.poll(written, { interval: 5 }).toBeGreaterThan(0);
    // The export must not finish before the box is removed.
    cli.child.kill('SIGSTOP');
    await home.ok(['rm', '-f', 'gone']);
    cli.child.kill('SIGCONT');
    const { status, stderr } = await cli.result;
    expect(status).toBe(1);
    expect(stderr).toMatch(/^boxlite: /);
    await expect(readFile(archive)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await readdir(files)).filter((name) => name.includes('gone'))).toEqual([]);
  });
});
