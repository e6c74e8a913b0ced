import { execFileSync } from 'node:child_process';
import { link, lstat, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timeProgram } from '../bench/time-program.js';
import { longBytes, sha256 } from '../helpers/bytes.js';
import { BOXLITE } from '../helpers/cli.js';
import { killProcess, programOf } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';
import { MAKE_ZEROES, SOURCE, useCopies } from './copies.js';
import { TABLE } from './cp-table.js';

const isRoot = process.getuid?.() === 0;
const home = useHome();
const copies = useCopies(home);
const { cp, onHost } = copies;

beforeAll(async () => {
  await home.ok(['run', '-d', '--name', 'up', 'busybox', 'sleep', '100000']);
});
afterAll(async () => {
  await home.ok(['rm', '-f', 'up']);
});

const sh = (script: string): Promise<string> => home.ok(['exec', 'up', 'sh', '-c', script]);

const python = (script: string): string =>
  execFileSync('python3', ['-c', `import os; ${script}`], {
    cwd: copies.host,
    encoding: 'utf8',
  }).trimEnd();

const LIST = 'find . -mindepth 1 | sed s,^./,, | sort | tr "\\n" " "';

describe('cp into a running box', () => {
  it.each(TABLE)('takes $what as docker does', async ({ prepare, source, destination, then }) => {
    onHost(SOURCE);
    await sh(`rm -rf /w; mkdir /w; cd /w; ${prepare || ':'}`);
    const [status, said] = await cp(source, `up:/w/${destination}`);
    if (typeof then === 'string') {
      expect([status, said]).toEqual([0, '']);
      expect((await sh(`cd /w; ${LIST}`)).trim()).toBe(then);
    } else {
      expect(status).toBe(1);
      expect(said).toMatch(then);
    }
  });
});

describe('cp out of a running box', () => {
  it.each(TABLE)('takes $what as docker does', async ({ prepare, source, destination, then }) => {
    await sh(`rm -rf /w; mkdir /w; cd /w; ${SOURCE}`);
    onHost(prepare || ':');
    const [status, said] = await cp(`up:/w/${source}`, destination);
    if (typeof then === 'string') {
      expect([status, said]).toEqual([0, '']);
      expect(onHost(LIST).trim()).toBe(then);
    } else {
      expect(status).toBe(1);
      expect(said).toMatch(then);
    }
  });
});

describe('cp', () => {
  it('keeps modes, times, links and names of any bytes both ways, and holes', async () => {
    onHost(
      'mkdir t; echo x > t/a; ln t/a t/b; ln -s a t/l; chmod 640 t/a; mkdir -m 711 t/d; mkfifo t/p; ' +
        `: > "$(printf 't/new\\nline')"; : > "$(printf 't/\\377\\376')"; truncate -s 300M t/sparse; ` +
        'touch -d "2001-02-03 04:05:06.789" t/a t/d',
    );
    expect(await cp('t', 'up:/root/t')).toEqual([0, '']);
    expect(await cp('up:/root/t', 'back')).toEqual([0, '']);
    const facts = (name: string): string =>
      onHost(`find ${name} -printf '%P %y %m %s %T@ %n %l\\0' | sort -z | tr '\\0' '\\n'`);
    expect(facts('back')).toBe(facts('t'));
    expect(Number(onHost('du -sk back/sparse | cut -f1'))).toBeLessThan(100);
    expect(await sh('stat -c "%u %g %a" /root/t/a; du -k /root/t/sparse | cut -f1')).toMatch(
      /^0 0 640\n\d{1,2}$/,
    );
  });

  it('gives files to root and to the caller, and keeps owners and attributes with -a', async () => {
    // Only root can give a file away; for other users the kept owner is the caller.
    const owner = isRoot ? [1234, 2345] : [process.getuid?.(), process.getgid?.()];
    onHost(`echo x > f; chown ${owner.join(':')} f; chmod 4755 f`);
    python('os.setxattr("f", "user.note", b"a\\0b")');
    expect(await cp('f', 'up:/plain')).toEqual([0, '']);
    expect(await cp('-a', 'f', 'up:/kept')).toEqual([0, '']);
    expect(await sh('stat -c "%u %g" /plain /kept')).toBe(`0 0\n${owner.join(' ')}`);
    expect(await cp('up:/kept', 'plain')).toEqual([0, '']);
    expect(await cp('-a', 'up:/kept', 'kept')).toEqual([0, '']);
    const caller = `${process.getuid?.()} ${process.getgid?.()}`;
    expect(onHost('stat -c "%u %g %a" plain kept')).toBe(`${caller} 755\n${owner.join(' ')} 4755`);
    expect(python('print(os.listxattr("plain"), os.getxattr("kept", "user.note"))')).toBe(
      "[] b'a\\x00b'",
    );
  });

  it('follows a link that the source is with -L only', async () => {
    onHost('echo x > f; ln -s f l');
    await cp('l', 'up:/link');
    await cp('-L', 'l', 'up:/followed');
    expect(await sh('readlink /link; readlink /followed || echo file')).toBe('f\nfile');
  });

  it('reaches /tmp, /dev/shm, /proc and a file that is mounted', async () => {
    onHost('echo x > f');
    expect(await cp('f', 'up:/dev/shm')).toEqual([0, '']);
    expect(await cp('f', 'up:/tmp')).toEqual([0, '']);
    expect(await cp('f', 'up:/etc/hosts')).toEqual([0, '']);
    expect(await sh('cat /dev/shm/f /tmp/f /etc/hosts')).toBe('x\nx\nx');
    expect(await cp('up:/proc/meminfo', 'mem')).toEqual([0, '']);
    expect(onHost('head -1 mem')).toMatch(/^MemTotal:/);
  });

  it('resolves a link at the destination inside the box', async () => {
    onHost('echo secret > f');
    await sh('rm -rf /w; mkdir /w; ln -s /etc /w/abs; ln -s ../../../../etc /w/up');
    for (const name of ['abs', 'up'])
      expect(await cp('f', `up:/w/${name}/${name}.f`)).toEqual([0, '']);
    expect(await sh('cat /etc/abs.f /etc/up.f')).toBe('secret\nsecret');
    expect(await cp('up:/w/abs/../../../../../etc/abs.f', 'back')).toEqual([0, '']);
  });

  it('is not seen in the box, and leaves nothing running', async () => {
    await sh('head -c 30000000 /dev/zero > /big');
    const [copied, seen] = await Promise.all([
      cp('up:/big', 'big'),
      home.ok(['exec', 'up', 'ps', '-o', 'args']),
    ]);
    expect(copied).toEqual([0, '']);
    expect(seen.split('\n').slice(1)).toEqual(['sleep 100000', 'ps -o args']);
  });

  it('takes every byte of a large file there and back, and a thousand small ones', async () => {
    const bytes = longBytes(30_000_000);
    await writeFile(join(copies.host, 'large'), bytes);
    expect(await cp('large', 'up:/large')).toEqual([0, '']);
    expect(await cp('up:/large', 'back')).toEqual([0, '']);
    expect(sha256(await readFile(join(copies.host, 'back')))).toBe(sha256(bytes));
    onHost('mkdir many; for i in $(seq 1000); do echo $i > many/$i; done');
    expect(await cp('many', 'up:/many')).toEqual([0, '']);
    expect(await cp('up:/many', 'again')).toEqual([0, '']);
    expect(onHost('diff -r many again && ls again | wc -l')).toBe('1000');
  });

  it('takes a gigabyte of holes there and back, and writes none of them', async () => {
    python("f = open('holes', 'wb'); f.truncate(2**30); f.seek(500_000_000); f.write(b'middle')");
    expect(await cp('holes', 'up:/holes')).toEqual([0, '']);
    expect(
      await sh('stat -c %s /holes; [ $(du -k /holes | cut -f 1) -lt 100 ] && echo holes'),
    ).toBe('1073741824\nholes');
    expect(await cp('up:/holes', 'back')).toEqual([0, '']);
    expect(onHost('cmp holes back && [ $(du -k back | cut -f 1) -lt 100 ] && echo same')).toBe(
      'same',
    );
  });

  it('holds little of what it moves, and many files by the thousand', async () => {
    await writeFile(join(copies.host, 'large'), longBytes(60_000_000));
    onHost(
      'mkdir -p many/0 many/1 many/2; for i in $(seq 3000); do echo $i > many/$((i % 3))/$i; done',
    );
    const peakKib = async (...args: string[]): Promise<number | undefined> => {
      const env = { ...process.env, BOXLITE_HOME: home.path };
      const signal = new AbortController().signal;
      const argv = ['node', BOXLITE, 'cp', ...args];
      return (await timeProgram(argv, { env, signal, watchMemory: true })).peakRssKib;
    };
    const most = 160 * 1024;
    expect(await peakKib(join(copies.host, 'large'), 'up:/bulk')).toBeLessThan(most);
    expect(await peakKib('up:/bulk', join(copies.host, 'back'))).toBeLessThan(most);
    expect(await peakKib(join(copies.host, 'many'), 'up:/thousands')).toBeLessThan(most);
    expect(await peakKib('up:/thousands', join(copies.host, 'thousands'))).toBeLessThan(most);
    expect(onHost('cmp large back && diff -r many thousands && echo same')).toBe('same');
  });

  it('sends and takes archives', async () => {
    onHost('mkdir t; echo x > t/a; tar -czf t.tgz t');
    await sh('rm -rf /w; mkdir /w');
    for (const [input, then] of [
      [execFileSync('tar', ['-c', 't'], { cwd: copies.host }), 't/a'],
      [await readFile(join(copies.host, 't.tgz')), 't/a'],
    ] as const) {
      const taken = await home.boxlite(['cp', '-', 'up:/w'], { input });
      expect([taken.status, taken.stderr]).toEqual([0, '']);
      expect(await sh(`cat /w/${then}; rm -rf /w/t`)).toBe('x');
    }
    const { stdout, status } = await home.boxlite(['cp', 'up:/etc', '-']);
    expect(status).toBe(0);
    expect(execFileSync('tar', ['-t'], { input: stdout, encoding: 'utf8' })).toContain(
      'etc/passwd',
    );
    const short = await home.boxlite(['cp', '-', 'up:/w'], { input: stdout.subarray(0, 700) });
    expect([short.status, short.stderr]).toEqual([1, expect.stringContaining('the archive')]);
    const toFile = await home.boxlite(['cp', '-', 'up:/etc/passwd'], { input: stdout });
    expect([toFile.status, toFile.stderr]).toEqual([1, expect.stringContaining('not a directory')]);
  });

  it('ends in good order when it is interrupted, and when it is killed', async () => {
    await sh(`rm -rf /w; mkdir /w; ${MAKE_ZEROES}`);
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const out = home.start(['cp', 'up:/zeroes', 'part'], { cwd: copies.host });
      await copies.begun('part');
      out.child.kill(signal);
      expect((await out.result).status).toBe(signal);
      // The process on the host's side removes the partial copy, even if nobody waits for it.
      await expect.poll(() => readdir(copies.host)).toEqual([]);
      await expect
        .poll(async () =>
          (await home.processes()).some((each) => programOf(each).includes('archive')),
        )
        .toBe(false);
    }
    onHost('truncate -s 1 large; head -c 200000000 /dev/zero > large');
    const into = home.start(['cp', 'large', 'up:/w/large'], { cwd: copies.host });
    await expect.poll(() => sh('ls /w')).toBe('large');
    killProcess(into.child.pid ?? 0);
    await into.result;
    await expect.poll(() => sh('ls /w')).toBe('');
  });

  it('writes nothing outside while the box swaps directories for links', async () => {
    await symlink('/nonexistent', join(copies.host, 'sentinel'));
    await sh('rm -rf /w; mkdir -p /w/t/d; for i in $(seq 300); do echo $i > /w/t/d/$i; done');
    const swap = home.start([
      'exec',
      'up',
      'sh',
      '-c',
      'cd /w/t; while :; do mv d e; ln -s /etc d; rm d; mv e d; done',
    ]);
    for (let i = 0; i < 4; i++) {
      const { status } = await home.boxlite(['cp', 'up:/w/t', `copy${i}`], { cwd: copies.host });
      expect([0, 1]).toContain(status);
    }
    swap.child.kill('SIGKILL');
    await swap.result;
    expect(onHost('find . -name passwd')).toBe('');
  });

  it.each([
    [['up:/a', 'new:/b'], 'copying between containers is not supported'],
    [['a', 'b'], 'must specify at least one container source'],
    [['', 'up:/b'], 'source can not be empty'],
    [['nobody:/a', 'b'], 'No such box: nobody'],
    [['up:/a'], 'cp'],
  ])('refuses %j', async (args, message) => {
    const [status, said] = await cp(...args);
    expect(status).toBe(1);
    expect(said).toContain(message);
  });

  it('takes a name with a colon that begins with a dot for one of the host', async () => {
    await writeFile(join(copies.host, 'up:x'), 'colon');
    await utimes(join(copies.host, 'up:x'), 1, 1);
    await link(join(copies.host, 'up:x'), join(copies.host, 'other'));
    expect(await cp('./up:x', 'up:/colon')).toEqual([0, '']);
    expect(await cp('up:/colon', './up:y')).toEqual([0, '']);
    expect((await lstat(join(copies.host, 'up:y'))).size).toBe(5);
  });
});
