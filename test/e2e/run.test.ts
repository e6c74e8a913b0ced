import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { awkwardBytes, longBytes, sha256 } from '../helpers/bytes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

/** Status, stdout and stderr of a foreground run that leaves nothing behind. */
async function run(args: string[], options = {}): Promise<[number | string, string, string]> {
  const { status, stdout, stderr } = await home.boxlite(['run', '--rm', ...args], options);
  return [status, stdout.toString(), stderr];
}

describe('the exit status', () => {
  const cases: [string, string[], number][] = [
    ['is 0 when the command succeeds', ['busybox', 'true'], 0],
    ["is the command's own code", ['busybox', 'sh', '-c', 'exit 42'], 42],
    ['is 255 at most', ['busybox', 'sh', '-c', 'exit 255'], 255],
    ['is 128 + 9 for KILL', ['--init', 'busybox', 'sh', '-c', 'kill -KILL $$'], 137],
    ['is 128 + 15 for TERM', ['--init', 'busybox', 'sh', '-c', 'kill -TERM $$'], 143],
    ['is 0 for PID 1 that sends itself TERM', ['busybox', 'sh', '-c', 'kill -TERM $$'], 0],
  ];
  it.each(cases)('%s', async (_fact, args, status) => {
    expect(await run(args)).toEqual([status, '', '']);
  });

  const failures: [string, string[], number, RegExp][] = [
    ['127 for a name not on PATH', ['busybox', 'nope'], 127, /^boxlite: .*nope.*not found/],
    ['127 for a path that is not there', ['busybox', '/no/such'], 127, /^boxlite: .*\/no\/such/],
    ['126 for a directory', ['busybox', '/etc'], 126, /^boxlite: .*\/etc/],
    ['126 for a file without x', ['busybox', '/etc/passwd'], 126, /^boxlite: .*\/etc\/passwd/],
    ['125 for a user nobody knows', ['-u', 'nobodyhere', 'busybox', 'true'], 125, /nobodyhere/],
  ];
  it.each(failures)('is %s, with the reason on stderr', async (_fact, args, status, reason) => {
    const [code, stdout, stderr] = await run(args);
    expect([code, stdout]).toEqual([status, '']);
    expect(stderr).toMatch(reason);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });
});

describe('output', () => {
  it('goes to stdout and stderr apart', async () => {
    const script = 'echo out; echo err >&2; echo out2';
    expect(await run(['busybox', 'sh', '-c', script])).toEqual([0, 'out\nout2\n', 'err\n']);
  });

  it('is byte-exact on both', async () => {
    const bytes = awkwardBytes();
    const { status, stdout } = await home.boxlite(['run', '--rm', '-i', 'busybox', 'cat'], {
      input: bytes,
    });
    expect(status).toBe(0);
    expect(stdout.equals(bytes)).toBe(true);
    const script = "printf '\\000\\377\\r\\n\\303' >&2";
    const { stdout: none, stderr } = await home.boxlite([
      'run',
      '--rm',
      'busybox',
      'sh',
      '-c',
      script,
    ]);
    expect(none).toHaveLength(0);
    expect(Buffer.from(stderr)).toEqual(
      Buffer.from(Buffer.from('\0\xff\r\n\xc3', 'latin1').toString()),
    );
  });

  it('of an instant command is never lost', async () => {
    for (let round = 0; round < 5; round += 1)
      expect(await run(['busybox', 'echo', `round ${round}`])).toEqual([0, `round ${round}\n`, '']);
  });

  it('without an end of line arrives as it is', async () => {
    expect(await run(['busybox', 'printf', 'no newline'])).toEqual([0, 'no newline', '']);
  });

  it('of 5 MB is whole when the command exits right after it', async () => {
    const { status, stdout } = await home.boxlite([
      'run',
      '--rm',
      'busybox',
      'sh',
      '-c',
      'dd if=/dev/zero bs=1M count=5 2>/dev/null',
    ]);
    expect(status).toBe(0);
    expect(stdout.equals(Buffer.alloc(5 * 1_048_576))).toBe(true);
  });
});

describe('stdin', () => {
  it('reaches the command with -i, to its end', async () => {
    const bytes = longBytes(5_000_000);
    const { status, stdout } = await home.boxlite(['run', '--rm', '-i', 'busybox', 'sha256sum'], {
      input: bytes,
    });
    expect(status).toBe(0);
    expect(stdout.toString()).toBe(`${sha256(bytes)}  -\n`);
  });

  it('is empty without -i', async () => {
    expect(await run(['busybox', 'wc', '-c'], { input: 'ignored' })).toEqual([0, '0\n', '']);
  });

  it('may be longer than the command cares to read', async () => {
    const [status, stdout] = await run(['-i', 'busybox', 'head', '-c', '3'], {
      input: longBytes(3_000_000),
    });
    expect([status, stdout]).toEqual([0, longBytes(3).toString()]);
  });
});

describe('a flag', () => {
  const cases: [string, string[], string][] = [
    ['-e sets a variable', ['-e', 'A=b c', 'busybox', 'sh', '-c', 'echo "$A"'], 'b c'],
    ['-e takes the last of two', ['-e', 'A=1', '-e', 'A=2', 'busybox', 'sh', '-c', 'echo $A'], '2'],
    ['-e keeps an equals sign', ['-e', 'A=b=c', 'busybox', 'sh', '-c', 'echo $A'], 'b=c'],
    ['-w sets the directory', ['-w', '/etc', 'busybox', 'pwd'], '/etc'],
    ['-w makes a missing directory', ['-w', '/a/new/one', 'busybox', 'pwd'], '/a/new/one'],
    [
      '-u takes numbers',
      ['-u', '1234:5678', 'busybox', 'sh', '-c', 'echo $(id -u) $(id -g)'],
      '1234 5678',
    ],
    ['-u takes a name', ['-u', 'nobody', 'busybox', 'sh', '-c', 'id -un'], 'nobody'],
    ['--hostname sets the name', ['--hostname', 'earth', 'busybox', 'hostname'], 'earth'],
    ['--entrypoint comes before the command', ['--entrypoint', 'echo', 'busybox', 'a', 'b'], 'a b'],
    [
      'after IMAGE belongs to the command',
      ['busybox', 'echo', '--rm', '-d', '--name', 'x'],
      '--rm -d --name x',
    ],
    [
      '--network none leaves only lo',
      ['--network', 'none', 'busybox', 'ls', '/sys/class/net'],
      'lo',
    ],
    [
      '--read-only refuses writes',
      ['--read-only', 'busybox', 'sh', '-c', 'touch /x 2>/dev/null || echo refused'],
      'refused',
    ],
    [
      '--shm-size sizes /dev/shm',
      ['--shm-size', '16m', 'busybox', 'sh', '-c', "df -k /dev/shm | awk 'END {print $2}'"],
      '16384',
    ],
    [
      '--init puts an init before the command',
      ['--init', 'busybox', 'sh', '-c', '[ $$ -ne 1 ] && echo not one'],
      'not one',
    ],
  ];
  it.each(cases)('%s', async (_fact, args, output) => {
    expect(await run(args)).toEqual([0, `${output}\n`, '']);
  });

  it('-e without a value takes the caller’s, and takes the box’s away when unset', async () => {
    const script = 'echo "${GIVEN-unset} $(env | grep -c ^HOSTNAME=)"';
    const command = ['busybox', 'sh', '-c', script];
    const env = { GIVEN: 'here' };
    expect(await run(['-e', 'GIVEN', ...command], { env })).toEqual([0, 'here 1\n', '']);
    expect(await run(['-e', 'GIVEN', '-e', 'HOSTNAME', ...command], { env })).toEqual([
      ...[0, 'here 0\n', ''],
    ]);
  });

  it('--env-file takes lines as they are', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'boxlite-env-'));
    const file = join(directory, 'env');
    await writeFile(file, '# comment\nA="quoted"\n\nB=b c\n');
    const args = ['--env-file', file, 'busybox', 'sh', '-c', 'echo "$A|$B"'];
    expect(await run(args)).toEqual([0, '"quoted"|b c\n', '']);
    await rm(directory, { recursive: true });
  });

  it('--cpus gives so many', async () => {
    // stderr may report that a template is created for this size first.
    const [status, stdout] = await run(['--cpus', '2', 'busybox', 'nproc']);
    expect([status, stdout]).toEqual([0, '2\n']);
  });

  it('--memory limits what the guest has', async () => {
    const kib = async (memory: string): Promise<number> => {
      const script = "awk '/MemTotal/ {print $2}' /proc/meminfo";
      const [, stdout] = await run(['-m', memory, 'busybox', 'sh', '-c', script]);
      return Number(stdout);
    };
    expect(await kib('256m')).toBeLessThan(256 * 1024);
    expect(await kib('256')).toBeGreaterThan(160 * 1024);
  });

  it('--disk-size bounds the writable disk', async () => {
    const script = "df -k / | awk 'END {print $2}'";
    const [status, stdout] = await run(['--disk-size', '1g', 'busybox', 'sh', '-c', script]);
    expect(status).toBe(0);
    expect(Number(stdout)).toBeGreaterThan(800_000);
    expect(Number(stdout)).toBeLessThanOrEqual(1_048_576);
  });

  it('--cidfile holds the id, and an existing file is refused', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'boxlite-cid-'));
    const file = join(directory, 'cid');
    expect(await run(['--cidfile', file, 'busybox', 'true'])).toEqual([0, '', '']);
    expect(await readFile(file, 'utf8')).toMatch(/^[0-9a-z]{26}$/);
    const [status, stdout, stderr] = await run(['--cidfile', file, 'busybox', 'true']);
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain(file);
    await rm(directory, { recursive: true });
  });
});

describe('inside the box', () => {
  const facts: [string, string, string][] = [
    ['the command is PID 1', 'echo $$', '1'],
    ['nothing else runs, and the agent is not to be seen', 'echo /proc/[0-9]*', '/proc/1'],
    [
      'root has Docker’s fourteen capabilities',
      "awk '/CapEff/ {print $2}' /proc/1/status",
      '00000000a80425fb',
    ],
    [
      '/dev/null, zero, full, random, urandom and tty are there',
      'cd /dev; ls null zero full random urandom tty | wc -l',
      '6',
    ],
    ['/sys is read-only', 'touch /sys/x 2>/dev/null || echo refused', 'refused'],
    ['/proc/kcore is masked', 'head -c 1 /proc/kcore | wc -c', '0'],
    [
      '/proc/sysrq-trigger can not be written',
      '(echo h > /proc/sysrq-trigger) 2>/dev/null || echo refused',
      'refused',
    ],
    ['the root file system can be written', 'echo kept > /file && cat /file', 'kept'],
    ['/tmp is everybody’s', 'stat -c %a /tmp', '1777'],
    ['PATH is set without being asked for', 'echo $PATH | grep -c /bin', '1'],
    ['HOME is the user’s', 'echo $HOME', '/root'],
  ];
  it.each(facts)('%s', async (_fact, script, output) => {
    expect(await run(['busybox', 'sh', '-c', script])).toEqual([0, `${output}\n`, '']);
  });

  it('the built-in image knows names, users and the network', async () => {
    const script = `
      mkdir /web; echo page > /web/index.html; httpd -h /web
      for url in 127.0.0.1 localhost [::1]; do wget -qO- http://$url/; done
      wget -T 5 -qO- http://127.0.0.1/ && wget -q -O- -t 1 -T5 -U me http://localhost/index.html
      wget -q -T 1 -O- http://127.0.0.1:9/ 2> /dev/null || echo "refused $?"
      wget -qO- http://no.such.host.invalid/ 2> /dev/null || echo "unknown $?"
      ping -c 1 -W 5 127.0.0.1 > /dev/null && ping -c 1 -W 5 localhost > /dev/null && echo pong
      id; id -un nobody; su -s /bin/sh nobody -c 'id -un; id -gn'
      echo 'joe:x:1000:100:joe:/:/bin/sh' >> /etc/passwd; touch /of-joe; chown joe:users /of-joe
      ls -l /of-joe | awk '{print $3, $4}'; su joe -c whoami
      hostname; hostname -i | grep -c .
      nc -l -p 99 < /web/index.html & sleep 1; nc -w 5 localhost 99 < /dev/null
      TZ=CET-1CEST date -d @0 +%H:%M; nslookup 2> /dev/null || echo "nslookup $?"`;
    const lines = [
      ...Array<string>(5).fill('page'),
      ...['refused 1', 'unknown 1', 'pong', 'uid=0(root) gid=0(root) groups=0(root)', 'nobody'],
      ...['nobody', 'nogroup', 'joe users', 'joe', 'mars', '1', 'page', '01:00', 'nslookup 1', ''],
    ];
    expect(await run(['--hostname', 'mars', 'busybox', 'sh', '-c', script])).toEqual([
      0,
      lines.join('\n'),
      '',
    ]);
  });

  it('the name resolves to the box itself', async () => {
    const script = 'grep -c "[[:space:]]mars" /etc/hosts; cat /etc/hostname';
    expect(await run(['--hostname', 'mars', 'busybox', 'sh', '-c', script])).toEqual([
      0,
      '1\nmars\n',
      '',
    ]);
  });
});

describe('-d', () => {
  it('prints the full id, and the box goes on', async () => {
    const id = await home.ok(['run', '-d', 'busybox', 'sleep', '600']);
    expect(id).toMatch(/^[0-9a-z]{26}$/);
    expect(await home.ok(['ps', '-q', '--no-trunc'])).toBe(id);
    expect(await home.ok(['rm', '-f', id])).toBe(id);
    expect(await home.processes()).toEqual([]);
  });

  it('tells of a command that does not start', async () => {
    const { status, stdout, stderr } = await home.boxlite(['run', '-d', '--rm', 'busybox', 'nope']);
    expect([status, stdout.toString()]).toEqual([127, '']);
    expect(stderr).toMatch(/nope/);
  });

  it('with --rm leaves nothing when the command has ended', async () => {
    const id = await home.ok(['run', '-d', '--rm', '--name', 'brief', 'busybox', 'sleep', '600']);
    expect(await home.ok(['stop', '-t', '0', 'brief'])).toBe('brief');
    const { status } = await home.boxlite(['inspect', id]);
    expect(status).toBe(1);
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });
});

describe('without --rm', () => {
  it('the ended box stays, with its status and its log', async () => {
    const args = ['run', '--name', 'kept', 'busybox', 'sh', '-c', 'echo said; exit 7'];
    expect((await home.boxlite(args)).status).toBe(7);
    expect(await home.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}'])).toMatch(
      /^kept Exited \(7\) .* ago$/,
    );
    expect(await home.ok(['logs', 'kept'])).toBe('said');
    expect(await home.ok(['rm', 'kept'])).toBe('kept');
  });
});

describe('signals', () => {
  it('sent to the CLI reach the command', async () => {
    const script = 'trap "echo got TERM; exit 9" TERM; echo ready; while :; do sleep 1; done';
    const cli = home.start(['run', '--rm', 'busybox', 'sh', '-c', script]);
    await cli.output(/ready/);
    cli.child.kill('SIGTERM');
    const { status, stdout } = await cli.result;
    expect([status, stdout.toString()]).toEqual([9, 'ready\ngot TERM\n']);
  });
});
