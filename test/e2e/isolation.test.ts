import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

describe('two boxes of one template', () => {
  it('differ in randomness, boot id, machine id, host name; both know the time', async () => {
    const script = [
      'head -c 32 /dev/urandom | sha256sum',
      'cat /proc/sys/kernel/random/boot_id',
      'cat /proc/sys/kernel/random/uuid',
      'cat /etc/machine-id',
      'hostname',
    ].join('; ');
    const before = Date.now();
    const outputs = await Promise.all(
      [1, 2].map(async () =>
        home.ok(['run', '--rm', 'busybox', 'sh', '-c', `date +%s; ${script}`]),
      ),
    );
    const after = Date.now();
    const [first = [], second = []] = outputs.map((output) => output.split('\n'));
    expect([first.length, second.length]).toEqual([6, 6]);
    for (const [time, ...facts] of [first, second]) {
      expect(Number(time)).toBeGreaterThanOrEqual(Math.floor(before / 1000));
      expect(Number(time)).toBeLessThanOrEqual(Math.ceil(after / 1000));
      expect(facts.every((fact) => fact !== '')).toBe(true);
    }
    for (let n = 1; n < 6; n += 1) expect(first[n], `line ${n}`).not.toBe(second[n]);
  });
});

describe('a template', () => {
  it('is not written by boxes that fill their memory', async () => {
    const before = await templateFiles();
    expect(before.length).toBeGreaterThan(0);
    const script = 'dd if=/dev/urandom of=/dev/shm/fill bs=1M count=48 2>/dev/null; echo filled';
    expect(await home.ok(['run', '--rm', 'busybox', 'sh', '-c', script])).toBe('filled');
    expect(await templateFiles()).toEqual(before);
  });
});

describe('start', () => {
  it('from cold gives the same as from a template', async () => {
    const run = ['busybox', 'sh', '-c', 'echo out; echo err >&2; exit 5'];
    for (const flags of [
      ['run', '--rm'],
      ['run', '--rm', '--cold'],
    ]) {
      const { status, stdout, stderr } = await home.boxlite([...flags, ...run]);
      expect([status, stdout.toString(), stderr], flags.join(' ')).toEqual([5, 'out\n', 'err\n']);
    }
  });
});

/** The parts of every template: name, size, time of the last write, digest. */
async function templateFiles(): Promise<string[]> {
  const root = join(home.path, 'templates');
  const names = await readdir(root, { recursive: true });
  const parts = names.filter((name) => /\/(ram|state|disk\.map)$/.test(name));
  const facts = parts.sort().map(async (name) => {
    const file = join(root, name);
    const entry = await stat(file);
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return `${name} ${entry.size} ${entry.mtimeMs} ${digest}`;
  });
  return Promise.all(facts);
}
