import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BOXLITE, run } from '../helpers/cli.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

const RUN = ['run', '--rm', 'busybox'];

interface Started {
  Boxlite: { Template: string; Accelerator: string; StartTimings: { restoreMs?: number } };
}

/** Keys of the home's templates: those of images and those of machines. */
async function templates(): Promise<{ ofImages: string[]; ofMachines: string[] }> {
  const root = join(home.path, 'templates');
  const found = { ofImages: [] as string[], ofMachines: [] as string[] };
  for (const key of await readdir(root)) {
    const about = JSON.parse(await readFile(join(root, key, 'template.json'), 'utf8')) as {
      image?: string;
    };
    (about.image === undefined ? found.ofMachines : found.ofImages).push(key);
  }
  return found;
}

async function templateOf(box: string): Promise<string> {
  const [{ Boxlite }] = JSON.parse(await home.ok(['inspect', box])) as [Started];
  return Boxlite.Template;
}

describe('a new box under emulation', () => {
  it('starts from its image’s template, and later from its machine’s with all it has written', async () => {
    const { ofImages, ofMachines } = await templates();
    const count = 'echo x >> /count; sync; wc -l < /count';
    expect(await home.ok(['run', '--name', 'twice', 'busybox', 'sh', '-c', count])).toBe('1');
    expect(ofImages).toContain(await templateOf('twice'));
    for (const lines of ['2', '3']) {
      expect(await home.ok(['start', '-a', 'twice'])).toBe(lines);
      expect(ofMachines).toContain(await templateOf('twice'));
    }
    await home.ok(['rm', 'twice']);
  });

  it('has a disk that nobody else has written to', async () => {
    const look = 'ls /left 2>/dev/null; echo mine > /left; sync; df -k / | tail -1 | wc -l';
    for (const time of ['first', 'second'])
      expect(await home.ok([...RUN, 'sh', '-c', look]), time).toBe('1');
  });

  it.each([
    ['--network none', ['--network', 'none'], 'ls /sys/class/net', 'lo'],
    ['a user', ['-u', 'nobody'], 'id -un', 'nobody'],
    [
      'a hostname',
      ['--hostname', 'elsewhere'],
      'hostname; cat /etc/hostname',
      'elsewhere\nelsewhere',
    ],
    ['--read-only', ['--read-only'], 'touch /x 2>/dev/null || echo refused', 'refused'],
    [
      'a shm size',
      ['--shm-size', '1m'],
      'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2',
      '1024',
    ],
    ['no flag at all', [], 'tail -1 /etc/hosts | cut -f1', '10.0.2.15'],
  ])('has what was asked for with %s', async (_what, flags, script, output) => {
    expect(await home.ok(['run', '--rm', ...flags, 'busybox', 'sh', '-c', script])).toBe(output);
  });

  it('has a disk of the size that was asked for, from a template of its own', async () => {
    const before = await templates();
    const size = 'df -m / | tail -1 | tr -s " " | cut -d" " -f2';
    const run = ['run', '--rm', '--disk-size', '200m', 'busybox', 'sh', '-c', size];
    const [first, again] = [await home.ok(run), await home.ok(run)];
    expect(Number(first)).toBeGreaterThan(150);
    expect(Number(first)).toBeLessThan(200);
    expect(again).toBe(first);
    const after = await templates();
    expect(after.ofImages).toHaveLength(before.ofImages.length + 1);
    expect(after.ofMachines).toEqual(before.ofMachines);
  });

  it('does not wait for another that makes the template', async () => {
    await rm(join(home.path, 'templates', (await templates()).ofImages[0] ?? ''), {
      recursive: true,
    });
    const runs = [1, 2, 3].map((n) => home.ok([...RUN, 'echo', `${n}`]));
    expect(await Promise.all(runs)).toEqual(['1', '2', '3']);
    expect(await home.ok([...RUN, 'echo', 'again'])).toBe('again');
  });
});

describe('a template that is damaged', () => {
  it.each([
    ['its memory is cut short', async (path: string) => truncate(join(path, 'ram'), 4096)],
    [
      'its state is something else',
      async (path: string) => {
        // Replaces the file, since the tests' homes share it by a hard link.
        await writeFile(join(path, 'other'), 'something else');
        await rename(join(path, 'other'), join(path, 'state'));
      },
    ],
  ])('is made anew, and the box starts all the same: %s', async (_what, damage) => {
    await home.ok([...RUN, 'true']);
    const { ofImages } = await templates();
    for (const key of ofImages) {
      const path = join(home.path, 'templates', key);
      // A copy, for the same reason.
      const ram = await readFile(join(path, 'ram'));
      await rm(join(path, 'ram'));
      await writeFile(join(path, 'ram'), ram);
      await damage(path);
    }
    const { status, stdout, stderr } = await home.boxlite([...RUN, 'echo', 'here']);
    expect([status, stdout.toString()]).toEqual([0, 'here\n']);
    expect(stderr).toMatch(/^boxlite: template [0-9a-f]+ can't be used and is rebuilt/);
    expect(await home.ok(['ps', '-aq'])).toBe('');
    expect(await home.ok([...RUN, 'echo', 'again'])).toBe('again');
  });

  it('is not what a caller’s limits are taken for', async () => {
    await home.ok([...RUN, 'true']);
    const before = await templates();
    // Enough memory to try the machine, but not to run it: it aborts, as with a damaged template.
    const limited = 'ulimit -d 656000 && exec "$0" "$@"';
    const { status } = await run('bash', ['-c', limited, BOXLITE, ...RUN, 'true'], {
      env: { HOME: home.path, BOXLITE_HOME: home.path, LANG: 'C.UTF-8' },
    });
    expect(status).toBe(125);
    expect(await templates()).toEqual(before);
    expect(await home.ok([...RUN, 'echo', 'again'])).toBe('again');
  });
});
