import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awkwardBytes, longBytes, sha256 } from '../helpers/bytes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

beforeAll(async () => {
  await home.ok([
    'run',
    '-d',
    '--name',
    'box',
    '-e',
    'FROM=box',
    '-w',
    '/etc',
    'busybox',
    'sleep',
    '6000',
  ]);
});
afterAll(() => home.ok(['rm', '-f', 'box']));

describe('exec', () => {
  const cases: [string, string[], string][] = [
    ['runs beside the command', ['box', 'sh', '-c', 'grep -c sleep /proc/1/cmdline'], '1'],
    ['has the box’s environment and directory', ['box', 'sh', '-c', 'echo $FROM $PWD'], 'box /etc'],
    ['-e adds to it', ['-e', 'A=1', 'box', 'sh', '-c', 'echo $FROM $A'], 'box 1'],
    ['-w goes elsewhere', ['-w', '/tmp', 'box', 'pwd'], '/tmp'],
    ['-u is somebody else', ['-u', 'nobody', 'box', 'id', '-un'], 'nobody'],
    ['takes -- before the command', ['box', '--', 'echo', 'a'], 'a'],
    ['leaves flags after BOX to the command', ['box', 'echo', '-e', '-u'], '-u'],
  ];
  it.each(cases)('%s', async (_fact, args, output) => {
    expect(await home.ok(['exec', ...args])).toBe(output);
  });

  it.each([
    ['0', ['box', 'true'], 0],
    ['the command’s code', ['box', 'sh', '-c', 'exit 42'], 42],
    ['137 for KILL', ['box', 'sh', '-c', 'kill -KILL $$'], 137],
    ['143 for TERM', ['box', 'sh', '-c', 'kill -TERM $$'], 143],
  ] as const)('ends with %s', async (_what, args, status) => {
    expect(await home.boxlite(['exec', ...args])).toMatchObject({ status, stderr: '' });
  });

  it.each([
    ['127 for a name not on PATH', ['box', 'nope'], 127, /nope/],
    ['127 for a path that is not there', ['box', '/no/such'], 127, /\/no\/such/],
    ['126 for a directory', ['box', '/etc'], 126, /\/etc/],
    ['126 for a file without x', ['box', '/etc/passwd'], 126, /\/etc\/passwd/],
    ['127 for a directory that is missing', ['-w', '/no/such', 'box', 'pwd'], 127, /\/no\/such/],
    ['125 for a directory that is relative', ['-w', 'tmp', 'box', 'pwd'], 125, /'tmp'.*absolute/],
    ['125 for a user nobody knows', ['-u', 'nobodyhere', 'box', 'true'], 125, /nobodyhere/],
  ] as const)('ends with %s', async (_what, args, status, reason) => {
    const result = await home.boxlite(['exec', ...args]);
    expect([result.status, result.stdout.toString()]).toEqual([status, '']);
    expect(result.stderr).toMatch(reason);
  });

  it('keeps stdout and stderr apart and byte-exact', async () => {
    const { status, stdout } = await home.boxlite(['exec', '-i', 'box', 'cat'], {
      input: awkwardBytes(),
    });
    expect(status).toBe(0);
    expect(stdout.equals(awkwardBytes())).toBe(true);
    const both = await home.boxlite(['exec', 'box', 'sh', '-c', 'echo o; echo e >&2']);
    expect([both.stdout.toString(), both.stderr]).toEqual(['o\n', 'e\n']);
  });

  it('has no stdin without -i', async () => {
    const { stdout } = await home.boxlite(['exec', 'box', 'wc', '-c'], { input: 'ignored' });
    expect(stdout.toString()).toBe('0\n');
  });

  it.each([
    ['-d', ['-d']],
    ['-d with a terminal', ['-d', '-t']],
  ])('%s prints nothing and leaves the command running', async (_what, flags) => {
    await home.ok(['exec', 'box', 'sh', '-c', 'rm -f /tmp/go /tmp/done; mkfifo /tmp/go /tmp/done']);
    // It writes more than any window holds, and waits until its caller has gone. There are no line ends,
    // since each costs a terminal some 60 µs under emulation.
    const script = 'head -c 1000000 /dev/zero; cat /tmp/go; echo finished > /tmp/done';
    expect(await home.ok(['exec', ...flags, 'box', 'sh', '-c', script])).toBe('');
    await home.ok(['exec', 'box', 'sh', '-c', ': > /tmp/go']);
    expect(await home.ok(['exec', 'box', 'cat', '/tmp/done'])).toBe('finished');
  });

  it('-d tells of a command that can not be started', async () => {
    const result = await home.boxlite(['exec', '-d', 'box', 'nope']);
    expect([result.status, result.stdout.toString()]).toEqual([127, '']);
    expect(result.stderr).toMatch(/nope/);
  });

  it('sees what the box’s command sees, and is seen by it', async () => {
    await home.ok(['exec', 'box', 'sh', '-c', 'echo shared > /tmp/shared']);
    expect(await home.ok(['exec', 'box', 'cat', '/proc/1/root/tmp/shared'])).toBe('shared');
  });

  it('ends its command when the CLI is killed', async () => {
    await home.ok(['exec', 'box', 'mkfifo', '/tmp/alive']);
    const script = 'exec 3>/tmp/alive; echo held; exec sleep 6000';
    const cli = home.start(['exec', 'box', 'sh', '-c', script]);
    // Reads until nobody has the other end open, that is, until the command has ended.
    const reader = home.start(['exec', 'box', 'cat', '/tmp/alive']);
    await cli.output(/held/);
    cli.child.kill('SIGKILL');
    expect((await reader.result).status).toBe(0);
  });

  it('runs many at once, each with its own output', async () => {
    const numbers = Array.from({ length: 12 }, (_, n) => n);
    const outputs = await Promise.all(
      numbers.map((n) => home.ok(['exec', 'box', 'sh', '-c', `echo ${n}; echo ${n}`])),
    );
    expect(outputs).toEqual(numbers.map((n) => `${n}\n${n}`));
  });

  it('is not stalled by another whose output nobody reads', async () => {
    const slow = home.start(['exec', 'box', 'sh', '-c', 'echo begun >&2; cat /dev/zero']);
    slow.child.stdout.pause();
    await slow.output(/begun/);
    const bytes = longBytes(3_000_000);
    const { stdout } = await home.boxlite(['exec', '-i', 'box', 'sha256sum'], { input: bytes });
    expect(stdout.toString()).toBe(`${sha256(bytes)}  -\n`);
    slow.child.kill('SIGKILL');
    await slow.result;
  });
});
