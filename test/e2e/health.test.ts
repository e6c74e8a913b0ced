import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EventFollower } from '../helpers/event-follower.js';
import { pack, writeDockerArchive } from '../helpers/image-archive.js';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

interface Health {
  Status: string;
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

async function healthOf(box: string): Promise<Health | null> {
  const state = await home.ok(['inspect', '-f', '{{json .State}}', box]);
  return (JSON.parse(state) as { Health?: Health }).Health ?? null;
}

function lookForHealth(box: string, wanted: (health: Health) => boolean): Promise<Health | null> {
  return lookUntil(
    () => healthOf(box),
    (health) => health !== null && wanted(health),
  );
}

async function runChecked(name: string, check: string, ...flags: string[]): Promise<string> {
  const health = ['--health-cmd', check, '--health-interval', '100ms', ...flags];
  return home.ok(['run', '-d', '--name', name, ...health, 'busybox', 'sleep', '600']);
}

const status = async (box: string): Promise<string> =>
  home.ok(['ps', '-a', '--filter', `name=^${box}$`, '--format', '{{.Status}}']);

describe('a healthcheck', () => {
  it('goes from starting to unhealthy and to healthy, with the words of ps and its filter', async () => {
    // No check ends before the first look at the status.
    const check = 'until [ -e /looked ]; do sleep 0.1; done; echo looked; test -e /fine';
    await using events = await EventFollower.start(home, 'ups');
    await runChecked('ups', check, '--health-retries', '2', '--health-timeout', '10m');
    expect(await healthOf('ups')).toMatchObject({ Status: 'starting' });
    await home.ok(['exec', 'ups', 'touch', '/looked']);
    // No command reads the status meanwhile.
    await events.seen('ups', 'health_status: unhealthy');
    const bad = await lookForHealth('ups', ({ Status }) => Status === 'unhealthy');
    expect(bad?.FailingStreak).toBeGreaterThanOrEqual(2);
    expect(bad?.Log.at(-1)).toMatchObject({ ExitCode: 1, Output: 'looked\n' });
    expect(await status('ups')).toMatch(/^Up .+ \(unhealthy\)$/);
    await home.ok(['exec', 'ups', 'touch', '/fine']);
    await events.seen('ups', 'health_status: healthy');
    const good = await lookForHealth('ups', ({ Status }) => Status === 'healthy');
    expect(good).toMatchObject({ FailingStreak: 0 });
    expect(await status('ups')).toMatch(/^Up .+ \(healthy\)$/);
    const filtered = async (health: string): Promise<string> =>
      home.ok(['ps', '--filter', `health=${health}`, '--format', '{{.Names}}']);
    expect([await filtered('healthy'), await filtered('none')]).toEqual(['ups', '']);
    await home.ok(['kill', 'ups']);
    await home.ok(['wait', 'ups']);
    expect(await status('ups')).toMatch(/^Exited \(137\)/);
    expect(await healthOf('ups')).toMatchObject({ Status: 'unhealthy' });
    await home.ok(['rm', 'ups']);
  });

  it('goes on without any process but the shim and the VMM, and keeps five results', async () => {
    const id = await runChecked('alone', 'echo again');
    const fact = join(home.path, 'boxes', id, 'health.bin');
    const count = async (): Promise<number> =>
      (await readFile(fact).catch(() => Buffer.alloc(4))).readUInt32LE(0);
    await lookUntil(count, (checks) => checks === 5);
    const before = await readFile(fact);
    await lookUntil(
      () => readFile(fact),
      (bytes) => !bytes.equals(before),
    );
    const health = await healthOf('alone');
    expect(health?.Log.map(({ Output }) => Output)).toEqual(Array(5).fill('again\n'));
    const times = health?.Log.flatMap(({ Start, End }) => [Start, End]) ?? [];
    expect(times).toEqual([...times].sort());
    await home.ok(['rm', '-f', 'alone']);
  });

  it('that takes too long is killed with all it has begun', async () => {
    await runChecked('late', 'echo begun; sleep 777 & sleep 778', '--health-timeout', '5s');
    const health = await lookForHealth('late', ({ Log }) => Log.length > 0);
    expect(health?.Log[0]).toMatchObject({
      ExitCode: -1,
      Output: 'Health check exceeded timeout (5s): begun\n',
    });
    // At most those of the next check, never those of two.
    const rows = (await home.ok(['top', 'late']))
      .split('\n')
      .filter((row) => row.includes('sleep 77'));
    expect(rows.length).toBeLessThanOrEqual(3);
    await home.ok(['rm', '-f', 'late']);
  });

  it('leaves nothing behind that it began in the background', async () => {
    await runChecked('litter', 'sleep 779 & true', '--health-timeout', '20s');
    await lookForHealth('litter', ({ Log }) => Log.length === 5);
    const rows = (await home.ok(['top', 'litter']))
      .split('\n')
      .filter((row) => row.endsWith('779'));
    expect(rows.length).toBeLessThanOrEqual(1);
    await home.ok(['rm', '-f', 'litter']);
  });

  it('runs as the user, with the environment and in the directory of the command', async () => {
    await runChecked('same', 'id -u; pwd; echo $X', '-u', '1000', '-w', '/tmp', '-e', 'X=y');
    const health = await lookForHealth('same', ({ Log }) => Log.length > 0);
    expect(health?.Log[0]?.Output).toBe('1000\n/tmp\ny\n');
    await home.ok(['rm', '-f', 'same']);
  });

  it('in its start period may fail without counting', async () => {
    const flags = ['--health-start-period', '1h', '--health-start-interval', '100ms'];
    await runChecked('slow', 'false', ...flags, '--health-retries', '1');
    const health = await lookForHealth('slow', ({ Log }) => Log.length === 5);
    expect(health).toMatchObject({ Status: 'starting', FailingStreak: 0 });
    expect(await status('slow')).toMatch(/^Up .+ \(health: starting\)$/);
    await home.ok(['rm', '-f', 'slow']);
  });

  it('keeps 4 KiB of a flood, and lets exec sessions pass', async () => {
    await runChecked('flood', 'yes', '--health-timeout', '3s');
    expect(await home.ok(['exec', 'flood', 'echo', 'through'])).toBe('through');
    const health = await lookForHealth('flood', ({ Log }) => Log.length > 0);
    const output = health?.Log[0]?.Output ?? '';
    expect(output).toMatch(/^Health check exceeded timeout \(3s\): (y\n)+y?\.\.\.$/);
    expect(output.length).toBeLessThan(4_200);
    await home.ok(['rm', '-f', 'flood']);
  });
});

describe("an image's HEALTHCHECK", () => {
  it('is run, gives way to flags field by field, and is turned off by --no-healthcheck', async () => {
    await loadChecked();
    const run = (name: string, ...flags: string[]): Promise<string> =>
      home.ok(['run', '-d', '--name', name, ...flags, 'checked', '/bin/busybox', 'sleep', '600']);
    await run('own', '--health-interval', '100ms');
    const own = await lookForHealth('own', ({ Log }) => Log.length > 0);
    expect(own?.Log[0]).toMatchObject({ ExitCode: 0, Output: "the image's\n" });
    const config = await home.ok(['inspect', '-f', '{{json .Config.Healthcheck}}', 'own']);
    expect(JSON.parse(config)).toMatchObject({ Interval: 1e8, Timeout: 7e9, Retries: 3 });
    await run('off', '--no-healthcheck');
    expect(await healthOf('off')).toBeNull();
    expect(await status('off')).not.toMatch(/\(/);
    await home.ok(['rm', '-f', 'own', 'off']);
  });
});

describe('what can not be', () => {
  const faults: [string, string[], RegExp][] = [
    ['both off and described', ['--no-healthcheck', '--health-cmd', 'true'], /conflicts/],
    ['a negative interval', ['--health-interval', '-1s'], /--health-interval.* negative/],
    ['less than a millisecond', ['--health-timeout', '10us'], /millisecond/],
    ['no duration', ['--health-start-period', 'soon'], /duration/],
  ];
  it.each(faults)('%s is refused with 125', async (_what, flags, reason) => {
    const { status: code, stderr } = await home.boxlite(['run', ...flags, 'busybox', 'true']);
    expect(code).toBe(125);
    expect(stderr).toMatch(reason);
  });

  it('a check that does not exist fails as such', async () => {
    const id = await home.ok(['create', '--name', 'shellless', 'busybox', 'sleep', '600']);
    await home.ok(['rm', id]);
    await runChecked('missing', '/no/such/check');
    const health = await lookForHealth('missing', ({ Log }) => Log.length > 0);
    expect(health?.Log[0]).toMatchObject({ ExitCode: 127 });
    await home.ok(['rm', '-f', 'missing']);
  });
});

/** An image with only busybox, whose check has the exec form. */
async function loadChecked(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'checked-'));
  const root = join(directory, 'root');
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
  await symlink('busybox', join(root, 'bin', 'sh'));
  await writeDockerArchive(join(directory, 'archive'), {
    layers: [root],
    reference: 'checked:latest',
    config: {
      Cmd: ['/bin/sh'],
      Healthcheck: { Test: ['CMD', '/bin/busybox', 'echo', "the image's"], Timeout: 7e9 },
    },
  });
  const archive = await pack(join(directory, 'archive'), join(directory, 'checked.tar'));
  await home.ok(['load', '-q', '-i', archive]);
  await rm(directory, { recursive: true });
}
