import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nativeProgram } from '../../src/host/native-programs.js';
import { paxEntry, tarEntry } from '../helpers/tar-builder.js';

/** boxlite-archive as `cp` runs it on the host, with a directory to unpack into. */
function unpacking(...words: string[]) {
  const top = mkdtempSync(join(tmpdir(), 'boxlite-archive-'));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  return running(top, nativeProgram('boxlite-archive'), 'unpack', ...words, '--', top);
}

function running(top: string, program: string, ...args: string[]) {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]) => ({ code: code as unknown, said }));
  return { top, child, ended };
}

/** Resolves when it has been taken, or nobody takes it any more. */
function send(stdin: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => stdin.write(bytes, () => resolve()));
}

/** The most memory that the process has had, in MiB. */
function mostMemory({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Of one entry: 13,000 of a few bytes, of a kind that nobody sets. */
const ATTRIBUTES = paxEntry(
  Object.fromEntries(Array.from({ length: 13_000 }, (_, i) => [`SCHILY.xattr.none.${i}`, ''])),
);

function attributedDirectory(number: number): Buffer {
  return Buffer.concat([ATTRIBUTES, tarEntry({ name: `src/${number}/`, type: '5' })]);
}

describe('boxlite-archive', () => {
  it('keeps no attributes that nobody asked for', async () => {
    const { child, ended } = unpacking('as', 'src');
    const entry = attributedDirectory(1);
    await send(child.stdin, tarEntry({ name: 'src/', type: '5' }));
    for (let sent = 0; sent < 100 * 2 ** 20; sent += entry.length) await send(child.stdin, entry);
    expect(mostMemory(child)).toBeLessThan(16);
    child.stdin.end(Buffer.alloc(1_024));
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('keeps those that were asked for within a bound', async () => {
    const { child, ended } = unpacking('as', 'src', 'attributes');
    await send(child.stdin, tarEntry({ name: 'src/', type: '5' }));
    for (let number = 0; number < 200 && child.exitCode === null; number += 1) {
      await send(child.stdin, attributedDirectory(number));
      expect(mostMemory(child)).toBeLessThan(160);
    }
    child.stdin.end(Buffer.alloc(1_024));
    expect((await ended).said).not.toContain('no memory');
  });

  it('says so when its memory is not enough', async () => {
    const program = nativeProgram('boxlite-archive');
    const script = `ulimit -d 16384; exec ${program} unpack as src attributes -- /nowhere`;
    const { child, ended } = running('/nowhere', 'sh', '-c', script);
    for (let each = 0; each < 16; each += 1) await send(child.stdin, ATTRIBUTES);
    expect(await ended).toEqual({ code: 1, said: '-no memory for an extended header\n' });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends by %s in the middle of a file, and leaves no half of it',
    async (signal) => {
      const { top, child, ended } = unpacking('as', 'src');
      await send(child.stdin, tarEntry({ name: 'src/', type: '5' }));
      await send(child.stdin, tarEntry({ name: 'src/whole', content: 'whole' }));
      await send(child.stdin, tarEntry({ name: 'src/half', size: 2 ** 30, content: 'begun' }));
      await expect.poll(() => readdirSync(join(top, 'src')), { interval: 5 }).toContain('half');
      child.kill(signal);
      expect(await ended).toEqual({ code: 1, said: '-it was stopped by a signal\n' });
      expect(readdirSync(join(top, 'src'))).toEqual(['whole']);
    },
  );

  it('ends by a signal that comes while it makes a name of many directories', async () => {
    const { top, child, ended } = unpacking('as', 'src');
    await send(child.stdin, tarEntry({ name: 'src/', type: '5' }));
    await expect.poll(() => readdirSync(top), { interval: 5 }).toEqual(['src']);
    for (let each = 0; each < 4; each += 1) {
      const path = `src/${each}/${'d/'.repeat(200)}f`;
      await send(child.stdin, Buffer.concat([paxEntry({ path }), tarEntry({ name: 'f' })]));
    }
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 1, said: '-it was stopped by a signal\n' });
  });

  it('ends with its parent', async () => {
    const { top, child, ended } = unpacking('as', 'src');
    await send(child.stdin, tarEntry({ name: 'src', size: 2 ** 30, content: 'begun' }));
    await expect.poll(() => readdirSync(top), { interval: 5 }).toContain('src');
    child.stdin.destroy();
    expect(await ended).toMatchObject({ code: 11 });
    expect(readdirSync(top)).toEqual([]);
  });

  it.each([
    [['as'], 'unknown word as'],
    [['as', ''], '"" is no name to unpack as'],
    [['as', '..'], '".." is no name to unpack as'],
    [['as', 'a/b'], '"a/b" is no name to unpack as'],
  ])('refuses %j', async (words, why) => {
    const { ended } = unpacking(...words);
    expect(await ended).toEqual({ code: 2, said: `-${why}\n` });
  });
});
