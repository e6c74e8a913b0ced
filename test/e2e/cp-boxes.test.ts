import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { longBytes } from '../helpers/bytes.js';
import { killAndWait } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';
import { MAKE_ZEROES, SOURCE, useCopies } from './copies.js';

const home = useHome();
const copies = useCopies(home);
const { cp, onHost } = copies;

describe('cp', () => {
  it('has on the disk what it says is copied, whatever becomes of the machine', async () => {
    onHost(`${SOURCE}; mkdir volume`);
    await writeFile(join(copies.host, 'large'), longBytes(3_000_000));
    const volume = `${join(copies.host, 'volume')}:/volume`;
    const run = ['run', '-d', '--name', 'hit', '-v', volume, 'busybox', 'sleep', '100000'];
    const facts = join(home.path, 'boxes', await home.ok(run), 'started.json');
    expect(await cp('tree', 'hit:/')).toEqual([0, '']);
    expect(await cp('large', 'hit:/volume')).toEqual([0, '']);
    const tar = { cwd: copies.host, maxBuffer: 8_000_000 };
    const input = execFileSync('tar', ['-c', 'large', 'file'], tar);
    expect(await home.boxlite(['cp', '-', 'hit:/root'], { input })).toMatchObject({ status: 0 });
    const { vmmPid } = JSON.parse(await readFile(facts, 'utf8')) as { vmmPid: number };
    await killAndWait(vmmPid);
    expect(await cp('hit:/tree', 'back')).toEqual([0, '']);
    expect(await cp('hit:/root', 'root')).toEqual([0, '']);
    expect(onHost('diff -r tree back; cmp large root/large; cmp large volume/large')).toBe('');
    await home.ok(['rm', 'hit']);
  });

  it('works on a box that never ran and on one that has ended, and runs nothing of theirs', async () => {
    onHost(SOURCE);
    await home.ok(['create', '--name', 'new', 'busybox', 'true']);
    expect(await cp('tree', 'new:/tree')).toEqual([0, '']);
    expect(await cp('file', 'new:/tree')).toEqual([0, '']);
    expect(await home.ok(['ps', '-a', '--filter', 'name=new', '--format', '{{.Status}}'])).toBe(
      'Created',
    );
    expect(await cp('new:/tree', 'back')).toEqual([0, '']);
    expect(onHost('cd back; cat a sub/b file')).toBe('a\nb\ntext');
    await home.boxlite([
      'run',
      '--name',
      'ended',
      'busybox',
      'sh',
      '-c',
      'echo 1 >> /runs; exit 3',
    ]);
    expect(await cp('file', 'ended:/')).toEqual([0, '']);
    expect(await cp('ended:/runs', '.')).toEqual([0, '']);
    expect(onHost('cat runs')).toBe('1');
    expect(await home.ok(['wait', 'ended'])).toBe('3');
    await home.boxlite(['start', '-a', 'ended']);
    expect(await cp('ended:/runs', '.')).toEqual([0, '']);
    expect(onHost('cat runs')).toBe('1\n1');
    await home.ok(['rm', 'new', 'ended']);
  });

  it('is refused by a read-only root, but not in /dev/shm', async () => {
    onHost('echo x > f');
    await home.ok(['run', '-d', '--name', 'ro', '--read-only', 'busybox', 'sleep', '100000']);
    expect(await cp('f', 'ro:/f')).toEqual([
      1,
      expect.stringContaining('box rootfs is marked read-only'),
    ]);
    expect(await cp('f', 'ro:/dev/shm/f')).toEqual([0, '']);
    await home.ok(['rm', '-f', 'ro']);
  });

  it('says that the disk of the box is full, and leaves no part of the file', async () => {
    await home.ok([
      'run',
      '-d',
      '--name',
      'small',
      '--disk-size',
      '64m',
      'busybox',
      'sleep',
      '100000',
    ]);
    await writeFile(join(copies.host, 'large'), longBytes(100_000_000));
    const [status, said] = await cp('large', 'small:/large');
    expect([status, said]).toEqual([
      1,
      expect.stringMatching(/no space left in box small: .*large/),
    ]);
    expect(
      await home.ok([
        'exec',
        'small',
        'sh',
        '-c',
        'ls / | grep -c large || echo works > /f; cat /f',
      ]),
    ).toBe('0\nworks');
    await home.ok(['rm', '-f', 'small']);
  });

  it('says so when the box is gone in the middle, and leaves no half file', async () => {
    await home.ok(['run', '-d', '--name', 'gone', 'busybox', 'sleep', '100000']);
    await home.ok(['exec', 'gone', 'sh', '-c', MAKE_ZEROES]);
    const out = home.start(['cp', 'gone:/zeroes', 'part'], { cwd: copies.host });
    await copies.begun('part');
    // The copy must not finish before the box is removed.
    out.child.kill('SIGSTOP');
    await home.ok(['rm', '-f', 'gone']);
    out.child.kill('SIGCONT');
    const { status, stderr } = await out.result;
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^boxlite: /)]);
    expect(await readdir(copies.host)).toEqual([]);
  });
});
