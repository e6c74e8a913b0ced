import { afterEach, describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

interface Inspection {
  Id: string;
  Name: string;
  Image: string;
  State: { Status: string; Running: boolean; Pid: number; ExitCode: number; OOMKilled: boolean };
}

async function inspect(name: string): Promise<Inspection> {
  const [box] = JSON.parse(await home.ok(['inspect', name])) as Inspection[];
  if (box === undefined) throw new Error(`inspect ${name} gave an empty list`);
  return box;
}

describe('a box', () => {
  it('goes from created to running to exited, to running again, and away', async () => {
    const id = await home.ok(['create', '--name', 'life', 'busybox', 'sleep', '600']);
    expect(id).toMatch(/^[0-9a-z]{26}$/);
    expect((await inspect('life')).State).toMatchObject({ Status: 'created', Running: false });
    expect(await home.ok(['ps', '-a', '--format', '{{.Status}}'])).toBe('Created');

    expect(await home.ok(['start', 'life'])).toBe('life');
    const { State } = await inspect('life');
    expect(State).toMatchObject({ Status: 'running', Running: true });
    expect(State.Pid).toBeGreaterThan(0);
    expect(await home.ok(['start', 'life'])).toBe('life');
    expect(await home.ok(['ps', '--format', '{{.Status}}'])).toMatch(/^Up /);

    const running = await home.boxlite(['rm', 'life']);
    expect(running.status).toBe(1);
    expect(running.stderr).toMatch(/life.*-f/s);

    expect(await home.ok(['stop', '-t', '1', 'life'])).toBe('life');
    expect((await inspect('life')).State).toMatchObject({
      Status: 'exited',
      Running: false,
      Pid: 0,
      ExitCode: 137,
      OOMKilled: false,
    });
    expect(await home.processes()).toEqual([]);
    expect(await home.ok(['stop', 'life'])).toBe('life');

    expect(await home.ok(['start', 'life'])).toBe('life');
    expect(await home.ok(['rm', '-f', 'life'])).toBe('life');
    expect(await home.processes()).toEqual([]);
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });

  it('keeps what was written to its disk when it is started again', async () => {
    const script = '[ -f /kept ] && cat /kept || echo written > /kept';
    await home.ok(['create', '--name', 'disk', 'busybox', 'sh', '-c', script]);
    expect(await home.ok(['start', '-a', 'disk'])).toBe('');
    expect(await home.ok(['start', '-a', 'disk'])).toBe('written');
    await home.ok(['rm', 'disk']);
  });

  it('loses no written data when it is stopped', async () => {
    const script =
      'trap "exit 0" TERM; dd if=/dev/urandom of=/data bs=1M count=4 2>/dev/null; sha256sum /data; while :; do sleep 1; done';
    await home.ok(['run', '-d', '--name', 'data', 'busybox', 'sh', '-c', script]);
    const logs = home.start(['logs', '-f', 'data']);
    const [sum] = await logs.output(/[0-9a-f]{64} {2}\/data/);
    expect(await home.ok(['stop', 'data'])).toBe('data');
    expect((await logs.result).status).toBe(0);
    await home.ok(['start', 'data']);
    expect(await home.ok(['logs', '--tail', '1', 'data'])).toMatch(/[0-9a-f]{64}/);
    expect(sum).toMatch(/data$/);
    await home.ok(['rm', '-f', 'data']);
  });

  it('is found by its name, its id and any unambiguous beginning of that', async () => {
    const id = await home.ok(['create', '--name', 'findme', 'busybox', 'true']);
    for (const key of ['findme', id, id.slice(0, 12), id.slice(0, 25)])
      expect((await inspect(key)).Id).toBe(id);
    expect(await home.ok(['rm', id.slice(0, 20)])).toBe(id.slice(0, 20));
  });

  it('gets a name of two words when none is given', async () => {
    const id = await home.ok(['create', 'busybox', 'true']);
    expect((await inspect(id)).Name).toMatch(/^\/[a-z]+_[a-z]+$/);
    await home.ok(['rm', id]);
  });
});

describe('stop and kill', () => {
  it('stop sends TERM first, and the command decides its code', async () => {
    const script = 'trap "exit 5" TERM; echo ready; while :; do sleep 1; done';
    await home.ok(['run', '-d', '--name', 'polite', 'busybox', 'sh', '-c', script]);
    const logs = home.start(['logs', '-f', 'polite']);
    await logs.output(/ready/);
    await home.ok(['stop', 'polite']);
    await logs.result;
    expect((await inspect('polite')).State.ExitCode).toBe(5);
    await home.ok(['rm', 'polite']);
  });

  it('kill -s sends that signal, kill without ends the box with 137', async () => {
    const script = 'trap "exit 6" USR1; echo ready; while :; do sleep 1; done';
    await home.ok(['run', '-d', '--name', 'usr', 'busybox', 'sh', '-c', script]);
    const logs = home.start(['logs', '-f', 'usr']);
    await logs.output(/ready/);
    expect(await home.ok(['kill', '-s', 'USR1', 'usr'])).toBe('usr');
    expect(await home.ok(['wait', 'usr'])).toBe('6');
    await logs.result;
    await home.ok(['run', '-d', '--name', 'hard', 'busybox', 'sleep', '600']);
    expect(await home.ok(['kill', 'hard'])).toBe('hard');
    expect(await home.ok(['wait', 'hard'])).toBe('137');
    await home.ok(['rm', 'usr', 'hard']);
  });

  it('wait prints a code a line, in the order asked', async () => {
    for (const code of [3, 4])
      await home.boxlite(['run', '--name', `w${code}`, 'busybox', 'sh', '-c', `exit ${code}`]);
    expect(await home.ok(['wait', 'w4', 'w3', 'w4'])).toBe('4\n3\n4');
    expect(await home.ok(['rm', 'w3', 'w4'])).toBe('w3\nw4');
  });
});

describe('ps', () => {
  const HEADER = /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/;

  it('prints its header when there is no box', async () => {
    expect(await home.ok(['ps'])).toMatch(HEADER);
  });

  it('shows running boxes, all with -a, ids with -q, objects with json', async () => {
    await home.ok(['create', '--name', 'idle', '--label', 'tier=db', 'busybox', 'true']);
    const id = await home.ok(['run', '-d', '--name', 'busy', 'busybox', 'sleep', '600']);
    const [header, row, ...rest] = (await home.ok(['ps'])).split('\n');
    expect(header).toMatch(HEADER);
    expect(row).toMatch(
      new RegExp(`^${id.slice(0, 12)} +busybox +"sleep 600" +.* ago +Up .* busy$`),
    );
    expect(rest).toEqual([]);
    expect(await home.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('busy\nidle');
    expect(await home.ok(['ps', '-q'])).toBe(id.slice(0, 12));
    expect(await home.ok(['ps', '-q', '--no-trunc'])).toBe(id);
    const objects = (await home.ok(['ps', '-a', '--format', 'json'])).split('\n');
    expect(objects.map((line) => (JSON.parse(line) as { Names: string }).Names)).toEqual([
      'busy',
      'idle',
    ]);
    const filters: [string, string][] = [
      ['name=bus', 'busy'],
      ['status=created', 'idle'],
      ['label=tier=db', 'idle'],
      ['ancestor=busybox', 'busy\nidle'],
      [`id=${id}`, 'busy'],
    ];
    for (const [filter, names] of filters)
      expect(
        await home.ok(['ps', '-a', '--filter', filter, '--format', '{{.Names}}']),
        filter,
      ).toBe(names);
    await home.ok(['rm', '-f', 'busy', 'idle']);
  });
});

describe('logs', () => {
  it('keep stdout and stderr apart, with -t the time and with -n the last lines', async () => {
    const script = 'echo one; echo two >&2; echo three';
    await home.boxlite(['run', '--name', 'talk', 'busybox', 'sh', '-c', script]);
    const all = await home.boxlite(['logs', 'talk']);
    expect([all.status, all.stdout.toString(), all.stderr]).toEqual([0, 'one\nthree\n', 'two\n']);
    const last = await home.boxlite(['logs', '-n', '1', 'talk']);
    expect(last.stdout.toString() + last.stderr).toMatch(/^(three|two)\n$/);
    const timed = await home.boxlite(['logs', '-t', 'talk']);
    expect(timed.stdout.toString()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z one$/m);
    expect(await home.ok(['logs', '--since', '2099-01-01T00:00:00Z', 'talk'])).toBe('');
    await home.ok(['rm', 'talk']);
  });

  it('-f goes on until the box has ended', async () => {
    const script = 'echo first; read line; echo $line';
    await home.ok(['create', '-i', '--name', 'flow', 'busybox', 'sh', '-c', script]);
    const attached = home.start(['start', '-a', '-i', 'flow']);
    await attached.output(/first/);
    const logs = home.start(['logs', '-f', 'flow']);
    await logs.output(/first/);
    attached.child.stdin.end('second\n');
    expect((await attached.result).stdout.toString()).toBe('first\nsecond\n');
    expect((await logs.result).stdout.toString()).toBe('first\nsecond\n');
    await home.ok(['rm', 'flow']);
  });

  it('are byte-exact', async () => {
    const script = "printf '\\000\\001\\377\\r\\n'";
    await home.boxlite(['run', '--name', 'bytes', 'busybox', 'sh', '-c', script]);
    const { stdout } = await home.boxlite(['logs', 'bytes']);
    expect(stdout).toEqual(Buffer.from([0, 1, 0xff, 13, 10]));
    await home.ok(['rm', 'bytes']);
  });
});

describe('rm -f', () => {
  it('is KILL for the commands of the box, and nothing is said', async () => {
    const run = home.start([
      'run',
      '--name',
      'doomed',
      'busybox',
      'sh',
      '-c',
      'echo up; sleep 600',
    ]);
    await run.output(/up/);
    const exec = home.start(['exec', 'doomed', 'sh', '-c', 'echo in; sleep 600']);
    await exec.output(/in/);
    await home.ok(['rm', '-f', 'doomed']);
    for (const { result } of [run, exec])
      expect(await result).toMatchObject({ status: 137, stderr: '' });
  });
});

describe('start -a', () => {
  it('gives output and code, -i takes stdin', async () => {
    await home.ok(['create', '-i', '--name', 'again', 'busybox', 'sh', '-c', 'cat; exit 3']);
    for (const input of ['first', 'second']) {
      const { status, stdout } = await home.boxlite(['start', '-a', '-i', 'again'], { input });
      expect([status, stdout.toString()]).toEqual([3, input]);
    }
    await home.ok(['rm', 'again']);
  });

  it('is 127 when the command is not there, and the box can be removed', async () => {
    await home.ok(['create', '--name', 'broken', 'busybox', 'nope']);
    const { status, stdout, stderr } = await home.boxlite(['start', '-a', 'broken']);
    expect([status, stdout.toString()]).toEqual([127, '']);
    expect(stderr).toMatch(/nope/);
    expect(await home.processes()).toEqual([]);
    await home.ok(['rm', 'broken']);
  });
});
