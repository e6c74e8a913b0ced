import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BoxCommand } from '../../src/index.js';
import type { CliResult } from '../helpers/cli.js';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { idleBox, runIn } from '../helpers/library-box.js';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

/** Parallel calls of the CLI or the library. */
const AT_ONCE = 4;

/** More descriptors than a process ever has just before it executes a command. */
const DESCRIPTORS = Array.from({ length: 24 }, (_, n) => n);

describe('a working directory that is a link of /proc', () => {
  const OUT = /can't (change to|make) directory/;

  it('leads out of the box neither for run nor for exec, whichever descriptor it names', async () => {
    await home.ok(['run', '-d', '--name', 'box', 'busybox', 'sleep', '6000']);
    const exec = (path: string): Promise<CliResult> =>
      home.boxlite(['exec', '-w', path, 'box', 'ls', '..']);
    const run = (path: string): Promise<CliResult> =>
      home.boxlite(['run', '--rm', '-w', path, 'busybox', 'ls', '..']);
    const links = ['self/cwd', 'self/root', '1/cwd', '1/root', 'thread-self/fd/3', 'self/fd/3/..'];
    const cases = [
      ...[...DESCRIPTORS.map((n) => `self/fd/${n}`), ...links].map((name) => [exec, name] as const),
      ...DESCRIPTORS.map((n) => [run, `self/fd/${n}`] as const),
    ];
    for (let next = 0; next < cases.length; next += AT_ONCE)
      for (const result of await Promise.all(
        cases.slice(next, next + AT_ONCE).map(([call, name]) => call(`/proc/${name}`)),
      ))
        expect([result.stdout.toString(), result.stderr]).toEqual(['', expect.stringMatching(OUT)]);
    await home.ok(['rm', '-f', 'box']);
  });

  it('of an image that asks for it, is refused, to an ordinary user too', async () => {
    await home.ok(['run', '--name', 'box', 'busybox', 'true']);
    for (const n of [3, 4]) {
      const changes = ['-c', `WORKDIR /proc/self/fd/${n}`, '-c', 'USER 1000'];
      await home.ok(['commit', ...changes, 'box', 'hostile']);
      const refused = await home.boxlite(['run', '--rm', 'hostile', 'ls', '..']);
      expect([refused.status, refused.stdout.toString()]).toEqual([125, '']);
      expect(refused.stderr).toContain(`can't change to directory "/proc/self/fd/${n}"`);
      expect(await home.ok(['run', '--rm', '-w', '/bin', 'hostile', 'ls', '..'])).toMatch(/^bin\n/);
    }
    await home.ok(['rm', 'box']);
  });

  it('that a box puts where its own was, is refused to exec and healthcheck', async () => {
    const health = ['--health-cmd', 'touch /escaped', '--health-interval', '50ms'];
    await home.ok([
      ...['run', '-d', '--name', 'box', '-w', '/there/here', ...health, '--health-retries', '1'],
      ...['busybox', 'sleep', '6000'],
    ]);
    const look = ['exec', 'box', 'sh', '-c', 'cat /proc/self/mountinfo | wc -l; ls -d ../here'];
    expect((await home.ok(look)).split('\n')[1]).toBe('../here');
    const plant = 'rm -rf /there/here; ln -s /proc/self/fd/$0 /there/here; rm -f /escaped';
    for (const n of DESCRIPTORS) {
      await home.ok(['exec', '-w', '/', 'box', 'sh', '-c', plant, String(n)]);
      const { stdout, stderr } = await home.boxlite(look);
      expect([stdout.toString(), stderr]).toEqual(['', expect.stringMatching(OUT)]);
    }
    const state = await lookUntil(
      () => home.ok(['inspect', '-f', '{{json .State.Health}}', 'box']),
      (text) => text.includes('"Status":"unhealthy"'),
    );
    expect(state).toMatch(OUT);
    expect((await home.boxlite(['exec', '-w', '/', 'box', 'ls', '/escaped'])).status).toBe(1);
    await home.ok(['rm', '-f', 'box']);
  });
});

describe('what a box puts where the agent looks neither leads out nor holds it up', () => {
  beforeAll(() => home.ok(['run', '-d', '--name', 'box', 'busybox', 'sleep', '6000']));
  afterAll(() => home.ok(['rm', '-f', 'box']));
  const exec = (...args: string[]): Promise<CliResult> => home.boxlite(['exec', ...args]);
  /** Passes all three streams, so that it needs no null device. */
  const plant = (script: string): Promise<CliResult> =>
    home.boxlite(['exec', '-i', '--user', '0', 'box', 'sh', '-c', script], { input: '' });

  it.each([
    ['a FIFO', 'mkfifo /etc/passwd'],
    ['a device without an end', 'mknod /etc/passwd c 1 5'],
    ['a directory', 'mkdir /etc/passwd'],
    ['a link of /proc', 'ln -s /proc/self/fd/3 /etc/passwd'],
    ['a link to itself', 'ln -s /etc/passwd /etc/passwd'],
    ['a file of /proc', 'ln -s /proc/kmsg /etc/passwd'],
  ])('%s as /etc/passwd', async (_what, script) => {
    await plant(`[ -e /passwd ] || mv /etc/passwd /passwd; rm -rf /etc/passwd; ${script}`);
    const { status, stderr } = await exec('-u', 'nobody', 'box', 'true');
    expect([status, stderr]).toEqual([125, expect.stringContaining('no matching entries')]);
    expect(await home.ok(['exec', '-u', '7', 'box', 'echo', 'ran'])).toBe('ran');
    await plant('rm -rf /etc/passwd; cp /passwd /etc/passwd');
  });

  it.each([
    ['a FIFO', 'mkfifo /dev/null'],
    ['a file', ': > /dev/null'],
    ['another device', 'mknod /dev/null c 1 5'],
    ['a link of /proc', 'ln -s /proc/self/fd/3 /dev/null'],
  ])('%s as /dev/null', async (_what, script) => {
    await plant(`rm -f /dev/null; ${script}`);
    const { status, stdout, stderr } = await exec('box', 'echo', 'ran');
    expect([status, stdout.toString()]).toEqual([expect.any(Number), '']);
    expect(stderr).toMatch(/\/dev\/null(:| is not the null device)/);
    await plant('rm -f /dev/null; mknod -m 666 /dev/null c 1 3');
    expect(await home.ok(['exec', 'box', 'echo', 'ran'])).toBe('ran');
  });

  it.each([
    ['as it is', ['box', '/proc/self/exe']],
    ['by a link', ['box', '/tmp/itself']],
    ['found on PATH', ['-e', 'PATH=/proc/self', 'box', 'exe']],
    ['as an interpreter', ['box', '/tmp/script']],
    ['of an ordinary user', ['-u', '1000', 'box', '/tmp/itself']],
  ])('its own program as a command, %s', async (_how, args) => {
    await plant(
      'ln -sf /proc/self/exe /tmp/itself; echo "#!/proc/self/exe" > /tmp/script; chmod 755 /tmp/script',
    );
    const { status, stdout, stderr } = await exec(...args);
    expect([[126, 127], stdout.toString()]).toEqual([expect.arrayContaining([status]), '']);
    expect(stderr).toMatch(/permission denied|not found/);
  });
});

describe('a process that looks into each one that begins in its box', () => {
  let files = '';
  let program = '';
  beforeAll(async () => {
    files = await mkdtemp(join(tmpdir(), 'boxlite-escape-'));
    program = await buildGuestProgram(files, 'steal');
  });
  afterAll(() => rm(files, { recursive: true }));

  it.each([
    ['on one CPU', 200, { cpus: 1 }],
    ['on two CPUs', 200, { cpus: 2 }],
    ['on two CPUs, with the right to trace them', 60, { cpus: 2, capAdd: ['SYS_PTRACE'] }],
  ])('finds nothing of the agent’s %s', async (_where, execs, options) => {
    const box = await idleBox(home, {
      ...options,
      healthcheck: { test: ['CMD', 'true'], intervalMs: 50 },
    });
    await box.start();
    await home.ok(['cp', program, `${box.id}:/steal`]);
    const thief = runIn(box, '/steal /tmp/stop');
    for (let done = 0; done < execs; done += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, () => runIn(box, 'true')));
    await runIn(box, 'touch /tmp/stop');
    const { stdout, stderr } = await thief;
    expect(stderr).toBe('');
    const [, seen, refused, ...got] = stdout.trimEnd().split('\n');
    expect(got).toEqual([]);
    expect(Number(seen?.split(' ')[1])).toBeGreaterThan(execs / 10);
    expect(refused).toMatch(/^refused \d+$/);
  });
});

describe('a process that traces each command and lets none of them be reaped', () => {
  let files = '';
  beforeAll(async () => (files = await mkdtemp(join(tmpdir(), 'boxlite-hold-'))));
  afterAll(() => rm(files, { recursive: true }));

  it('hides the end of none, nor that of a check, whether it exits or its time is up', async () => {
    const program = await buildGuestProgram(files, 'hold');
    const traced = '[ "$key" = TracerPid: ] && [ "$value" != 0 ] && exit 7';
    const script = `while :; do while read -r key value; do ${traced}; done < /proc/$$/status; done`;
    const healthcheck = { test: ['CMD-SHELL', script], intervalMs: 100, timeoutMs: 60_000 };
    const box = await idleBox(home, { healthcheck });
    await box.start();
    await home.ok(['cp', program, `${box.id}:/hold`]);
    await home.ok(['exec', box.id, '/hold']);
    expect(await runIn(box, script)).toEqual({ exitCode: 7, stdout: '', stderr: '' });
    const late = await box.exec(new BoxCommand('sleep').args(['600']).timeout(1_000));
    // TERM is reported to its tracer first, which never passes it on.
    expect(await late.wait()).toMatchObject({ signal: 9, timedOut: true });
    const codes = await lookUntil(
      () => home.ok(['inspect', '-f', '{{range .State.Health.Log}}{{.ExitCode}} {{end}}', box.id]),
      (text) => text.length >= '7 7 '.length,
    );
    expect(codes).toMatch(/^(7 ?){2,}$/);
  });
});
