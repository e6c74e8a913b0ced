import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

const ANONYMOUS = /^[0-9a-f]{64}$/;

/** What is in the home for volumes. */
const directories = (): Promise<string[]> => readdir(join(home.path, 'volumes'));
const dataOf = (...names: string[]): string =>
  join(home.path, 'volumes', 'data', '_data', ...names);
const inBox = (name: string, script: string): Promise<string> =>
  home.ok(['exec', name, 'sh', '-c', script]);

/** `writer` and `reader` have the volume `data`; `writer` an anonymous one besides. */
beforeAll(async () => {
  const idle = ['sleep', '6000'];
  const volumes = ['-v', 'data:/srv', '-v', '/var/lib/db'];
  await home.ok(['run', '-d', '--name', 'writer', ...volumes, 'busybox', ...idle]);
  await home.ok(['run', '-d', '--name', 'reader', '-v', 'data:/mnt/d:ro', 'busybox', ...idle]);
});
afterAll(() => home.ok(['rm', '-fv', 'writer', 'reader']));

describe('a volume with a name', () => {
  it('is the same for all boxes that have it, and for the host', async () => {
    await inBox('writer', 'echo one > /srv/file');
    expect(await inBox('reader', 'cat /mnt/d/file')).toBe('one');
    expect(await readFile(dataOf('file'), 'utf8')).toBe('one\n');
    await writeFile(dataOf('of-host'), 'two\n');
    expect(await inBox('writer', 'cat /srv/of-host')).toBe('two');
    const { status, stderr } = await home.boxlite(['exec', 'reader', 'touch', '/mnt/d/x']);
    expect([status, stderr]).toEqual([1, 'touch: /mnt/d/x: Read-only file system\n']);
  });

  it('is not removed while a box has it, whether that runs or not', async () => {
    const ids = (await home.ok(['ps', '-aq', '--no-trunc', '-f', 'volume=data']))
      .trim()
      .split('\n');
    expect(ids).toHaveLength(2);
    const { status, stderr } = await home.boxlite(['volume', 'rm', '-f', 'data']);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `boxlite: remove data: volume is in use - [${ids.sort().join(', ')}]\nremove those boxes first\n`,
    );
  });

  it('is what cp writes into, and no part of what commit and diff see', async () => {
    await writeFile(join(home.path, 'copied'), 'copied\n');
    await home.ok(['cp', join(home.path, 'copied'), 'writer:/srv/copied']);
    expect(await readFile(dataOf('copied'), 'utf8')).toBe('copied\n');
    expect(await home.ok(['diff', 'writer'])).not.toContain('/srv/copied');
    await home.ok(['commit', 'writer', 'committed']);
    const volumes = ['image', 'inspect', '-f', '{{json .Config.Volumes}}', 'committed'];
    expect(await home.ok(volumes)).toBe('{"/var/lib/db":{}}');
  });

  it('outlives its boxes', async () => {
    const run = ['run', '--rm', '-v', 'kept:/w', 'busybox', 'sh', '-c'];
    await home.ok([...run, 'echo first >> /w/log']);
    expect(await home.ok([...run, 'echo second >> /w/log; cat /w/log'])).toBe('first\nsecond');
    await home.ok(['volume', 'rm', 'kept']);
    expect(await directories()).not.toContain('kept');
  });

  it('whose directory is gone is told by the start', async () => {
    await home.ok(['create', '--name', 'later', '-v', 'gone:/w', 'busybox', 'true']);
    const [from, to] = ['volumes/gone/_data', 'put-away'].map((path) => join(home.path, path));
    await rename(from ?? '', to ?? '');
    const { status, stderr } = await home.boxlite(['start', 'later']);
    expect(status).toBe(1);
    expect(stderr).toContain(`the files of volume gone for /w are gone: ${from} does not exist`);
    await home.ok(['rm', 'later']);
    await home.ok(['volume', 'rm', 'gone']);
  });
});

describe('an anonymous volume', () => {
  it('is the box’s, and of those that take its volumes', async () => {
    await inBox('writer', 'echo rows > /var/lib/db/table');
    const [name = ''] = (await directories()).filter((each) => ANONYMOUS.test(each));
    const taken = ['--volumes-from', 'writer:ro', '--name', 'heir', 'busybox'];
    await home.ok(['create', ...taken, 'cat', '/var/lib/db/table', '/srv/file']);
    // It is a disk, which has one machine at a time.
    const { status, stderr } = await home.boxlite(['start', 'heir']);
    expect(status).toBe(1);
    expect(stderr).toContain(`volume ${name} is in use by box writer`);
    await home.ok(['stop', '-t', '0', 'writer']);
    expect(await home.ok(['start', '-a', 'heir'])).toBe('rows\none');
    // The other box has it still.
    await home.ok(['rm', '-v', 'heir']);
    expect(await directories()).toContain(name);
    await home.ok(['run', '--rm', '-v', '/scratch', 'busybox', 'touch', '/scratch/x']);
    expect((await directories()).filter((each) => ANONYMOUS.test(each))).toEqual([name]);
  });

  it('that a box has left goes with prune', async () => {
    await home.ok(['create', '--name', 'brief', '-v', '/scratch', 'busybox']);
    await home.ok(['rm', 'brief']);
    await home.ok(['volume', 'create', 'unused']);
    const pruned = (await home.ok(['volume', 'prune', '-f'])).split('\n');
    expect(pruned).toEqual([
      'Deleted Volumes:',
      expect.stringMatching(ANONYMOUS),
      ...['', expect.stringMatching(/^Total reclaimed space: \d/) as string],
    ]);
    expect(await home.ok(['volume', 'prune', '-af'])).toMatch(/^Deleted Volumes:\nunused\n/);
    expect(await home.ok(['volume', 'ls', '-qf', 'dangling=true'])).toBe('');
  });
});

it('a volume’s events are Docker’s', async () => {
  const since = String(Date.now() / 1000);
  await home.ok(['run', '--rm', '-v', 'watched:/w:ro', 'busybox', 'true']);
  await home.ok(['volume', 'rm', 'watched']);
  const until = String(Date.now() / 1000);
  const filters = ['--filter', 'volume=watched', '--format', '{{json .}}'];
  const lines = (await home.ok(['events', '--since', since, '--until', until, ...filters])).trim();
  const events = lines.split('\n').map((line) => JSON.parse(line) as DockerEvent);
  const box = { container: expect.any(String) as string, driver: 'local' };
  expect(events.map(({ Action, Actor }) => [Action, Actor.Attributes])).toEqual([
    ['create', { driver: 'local' }],
    ['mount', { ...box, destination: '/w', propagation: '', 'read/write': 'false' }],
    ['unmount', box],
    ['destroy', { driver: 'local' }],
  ]);
});

interface DockerEvent {
  Action: string;
  Actor: { Attributes: Record<string, string> };
}
