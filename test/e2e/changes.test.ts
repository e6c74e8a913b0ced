import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** Waits until the box that keeps writing /a has written again. */
const MOVES = 'x=$(wc -c < /a); until [ "$(wc -c < /a)" != "$x" ]; do :; done; echo moves';

const CHANGE = [
  'set -e',
  'echo new > /new; ln /new /linked; ln -s new /symbolic; mkfifo /pipe',
  'mkdir -p /tree/deep; echo x > /tree/deep/file',
  'echo more >> /etc/passwd',
  'rm /bin/wc',
  'rm -r /root; mkdir /root; echo again > /root/again',
  'mv /home /moved; echo inside > /moved/inside',
  'mkdir /gone; rmdir /gone',
].join('\n');

const CHANGES = [
  ...['C /bin', 'D /bin/wc', 'C /etc', 'C /etc/passwd', 'D /home', 'A /linked', 'A /moved'],
  ...['A /moved/inside', 'A /new', 'A /pipe', 'C /root', 'A /root/again', 'A /symbolic'],
  ...['A /tree', 'A /tree/deep', 'A /tree/deep/file'],
];

/** Runs a box whose script adds files, since busybox's image has only an empty home directory. */
async function madeOf(box: string, script: string): Promise<void> {
  const { status, stderr } = await home.boxlite([
    ...['run', '--name', box, 'busybox', 'sh', '-c', script],
  ]);
  expect([status, stderr]).toEqual([0, '']);
}

const diff = async (box: string): Promise<string[]> => (await home.ok(['diff', box])).split('\n');
/** Ignores files that the image lacks and a start creates. */
const without = (lines: string[], ...prefixes: string[]): string[] =>
  lines.filter((line) => !prefixes.some((prefix) => line.slice(2).startsWith(prefix)));

describe('diff', () => {
  it('tells of a stopped box what it added, changed and deleted', async () => {
    await madeOf('changed', CHANGE);
    expect(without(await diff('changed'), '/dev', '/sys', '/proc', '/var')).toEqual(CHANGES);
    expect(await home.ok(['inspect', '-f', '{{.State.ExitCode}}', 'changed'])).toBe('0');
  });

  it('tells of directories in each other, more than a path may name', async () => {
    const levels = 'p=$(yes d | head -900 | tr "\\n" /); mkdir -p /a/$p /b/$p /c/$p';
    await madeOf('nested', `${levels}; mv /b /a/$p; mv /a /c/$p`);
    const lines = without(await diff('nested'), '/dev', '/sys', '/proc', '/var', '/etc');
    expect(lines.filter((line) => /^A \/c(\/[abd])*$/.test(line))).toHaveLength(3 * 900 + 3);
    await home.ok(['rm', 'nested']);
  });

  it('tells the same of one that runs', async () => {
    const script = `${CHANGE}\ntouch /tmp/ready; exec sleep 6000`;
    await home.ok(['run', '-d', '--name', 'running', 'busybox', 'sh', '-c', script]);
    await home.ok(['exec', 'running', 'sh', '-c', 'until [ -e /tmp/ready ]; do :; done']);
    const lines = await diff('running');
    expect(without(lines, '/dev', '/sys', '/proc', '/var', '/tmp')).toEqual(CHANGES);
    await home.ok(['rm', '-f', 'running']);
  });

  it('says nothing of a box that was never started', async () => {
    await home.ok(['create', '--name', 'untouched', 'busybox', 'true']);
    expect(await home.ok(['diff', 'untouched'])).toBe('');
    await home.ok(['rm', 'untouched']);
  });
});

describe('an image whose own links lead away from /etc', () => {
  it.each([
    ['the whole directory', 'mv etc usr/etc; ln -s usr/etc etc', 'usr/etc/hostname'],
    ['one file', 'ln -s ../run/made/here etc/resolv.conf', 'run/made'],
  ])('shows no mount point of ours: %s', async (_what, alter, point) => {
    const rootfs = await mkdtemp(join(tmpdir(), 'boxlite-links-'));
    onTestFinished(() => rm(rootfs, { recursive: true }));
    await home.ok(['create', '--name', 'source', 'busybox', 'true']);
    const source = (await home.boxlite(['export', 'source'])).stdout;
    execFileSync('tar', ['-C', rootfs, '-x'], { input: source });
    execFileSync('sh', ['-ec', alter], { cwd: rootfs });
    const input = execFileSync('tar', ['-C', rootfs, '-c', '.'], { maxBuffer: 2 ** 26 });
    await home.ok(['import', '-', 'links'], { input });
    await home.ok(['run', '-d', '--name', 'links', 'links', 'sleep', '600']);
    const look = 'head -n 1 /etc/hosts; wc -l < /etc/hostname; cut -d " " -f 1 /etc/resolv.conf';
    expect(await home.ok(['exec', 'links', 'sh', '-c', look])).toBe(
      '127.0.0.1\tlocalhost\n1\nnameserver',
    );
    expect(await diff('links')).toEqual(['']);
    const tar = (await home.boxlite(['export', 'links'])).stdout;
    const names = execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' }).split('\n');
    expect(names.filter((name) => name.startsWith(point))).toEqual([]);
    await home.ok(['rm', '-f', 'links', 'source']);
    await home.ok(['rmi', '-f', 'links']);
  });
});

describe('commit', () => {
  it('makes an image that has what the box had, and runs what was asked for', async () => {
    const id = await home.ok([
      ...['commit', '-a', 'me', '-m', 'why', '-c', 'ENV ADDED=1'],
      ...['-c', 'CMD ["sh", "-c", "cat /new /moved/inside; echo $ADDED"]', 'changed', 'made:1'],
    ]);
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await home.ok(['run', '--rm', 'made:1'])).toBe('new\ninside\n1');
    const look = [
      'test /new -ef /linked && test -L /symbolic && test -p /pipe && tail -n 1 /etc/passwd',
      'ls /root; ls -d /bin/wc /home 2>&1 | sed "s/.*: No such/No such/"',
    ].join('; ');
    expect((await home.ok(['run', '--rm', 'made:1', 'sh', '-c', look])).split('\n')).toEqual([
      'more',
      'again',
      'No such file or directory',
      'No such file or directory',
    ]);
    const fields = '{{.Author}} {{.Comment}} {{json .Config.Cmd}} {{len .RootFS.Layers}}';
    expect(await home.ok(['image', 'inspect', '-f', fields, 'made:1'])).toBe(
      'me why ["sh","-c","cat /new /moved/inside; echo $ADDED"] 2',
    );
    const [newest] = (
      await home.ok(['history', '--format', '{{.CreatedBy}}|{{.Comment}}', 'made:1'])
    ).split('\n');
    expect(newest).toBe('sh -c cat /new /moved/inside; echo $ADDED|why');
  });

  it('writes a layer by the specification’s rules, which other tools unpack alike', async () => {
    const { stdout } = await home.boxlite(['save', '--format', 'docker-archive', 'made:1']);
    const manifest = execFileSync('tar', ['-xOf', '-', 'manifest.json'], { input: stdout });
    const [{ Layers }] = JSON.parse(manifest.toString()) as [{ Layers: string[] }];
    const layer = execFileSync('tar', ['-xOf', '-', Layers[1] ?? ''], {
      input: stdout,
      maxBuffer: 2 ** 28,
    });
    const names = execFileSync('tar', ['-tf', '-'], { input: layer, encoding: 'utf8' }).split('\n');
    for (const name of ['bin/.wh.wc', '.wh.home', 'root/.wh..wh..opq', 'moved/inside'])
      expect(names).toContain(name);
    // The layer repeats no file of the image.
    expect(names).not.toContain('bin/busybox');
    await home.ok(['rmi', 'made:1']);
    await home.ok(['rm', 'changed']);
  });

  it('refuses a mistake before anything is read', async () => {
    await home.ok(['create', '--name', 'plain', 'busybox', 'true']);
    for (const [args, message] of [
      [['-c', 'RUN true', 'plain'], 'invalid change "RUN true"'],
      [['plain', 'UPPER:1'], 'UPPER'],
      [['nobox'], 'No such box: nobox'],
    ] as const) {
      const { status, stdout, stderr } = await home.boxlite(['commit', ...args]);
      expect([status, stdout.toString()]).toEqual([1, '']);
      expect(stderr).toContain(message);
    }
    await home.ok(['rm', 'plain']);
  });

  it('reads a running box while nothing in it moves, and lets it go on', async () => {
    // Two files of equal length between two of its steps. They only grow: a rewritten file is briefly empty.
    const script = 'while :; do echo >> /a; echo >> /b; : > /ready; done';
    await home.ok(['run', '-d', '--name', 'busy', 'busybox', 'sh', '-c', script]);
    await home.ok(['exec', 'busy', 'sh', '-c', 'until [ -e /ready ]; do :; done']);
    await home.ok(['commit', 'busy', 'still:1']);
    const sizes = 'wc -c < /a; wc -c < /b';
    const [a, b] = (await home.ok(['run', '--rm', 'still:1', 'sh', '-c', sizes])).split('\n');
    expect(Number(b)).toBeGreaterThan(0);
    expect([0, 1]).toContain(Number(a) - Number(b));
    expect(await home.ok(['exec', 'busy', 'sh', '-c', MOVES])).toBe('moves');
    await home.ok(['commit', '--pause=false', 'busy', 'still:2']);
    await home.ok(['rmi', 'still:1', 'still:2']);
  });

  it('that is killed leaves the box moving', async () => {
    const write = 'dd if=/dev/urandom of=/big bs=1M count=16 2>/dev/null; sync';
    await home.ok(['exec', 'busy', 'sh', '-c', write]);
    const commit = home.start(['commit', 'busy', 'never:1']);
    // A command sent into a paused box runs when the box resumes.
    const before = home.ok(['exec', 'busy', 'sh', '-c', MOVES]);
    commit.child.kill('SIGKILL');
    await commit.result;
    expect(await before).toBe('moves');
    expect(await home.ok(['exec', 'busy', 'sh', '-c', MOVES])).toBe('moves');
    await home.ok(['rm', '-f', 'busy']);
  });
});
