import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { lookUntil } from '../helpers/look-until.js';
import { sharedVolume } from '../helpers/shared-volume.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

let root: string;
const host = (...names: string[]): string => join(root, ...names);
const { sh, calls, place } = sharedVolume(home, { box: 'caller', programs: '/of-host', host });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'boxlite-volume-files-'));
  await chmod(root, 0o755);
  await mkdir(host('work'));
  await buildGuestProgram(root, 'file-calls');
  const volumes = ['-v', `${root}:/of-host:ro`, '-v', `${host('work')}:/shared`];
  await home.ok(['run', '-d', '--name', 'caller', ...volumes, 'busybox', 'sleep', '6000']);
});

afterAll(async () => {
  await home.boxlite(['rm', '-f', 'caller']);
  await rm(root, { recursive: true, force: true });
});

describe('a volume', () => {
  it('has files renamed, locked and mapped', async () => {
    const at = await place('calls');
    expect(await calls(at, 'renamed')).toEqual([
      ...['file ok', 'over ok', 'directory ok', 'exchange EINVAL'],
      ...['opened ok', 'write ok', 'fstat ok'],
    ]);
    expect(await readFile(host('work', 'calls', 'to', 'open'), 'utf8')).toBe('after');
    expect(await calls(at, 'locked')).toEqual(['flock ok', 'fcntl ok']);
    expect(await calls(at, 'mapped')).toEqual(['shared ok', 'msync ok', 'read ok', 'same ok']);
    const mapped = await readFile(host('work', 'calls', 'mapped'), 'latin1');
    expect([mapped.slice(0, 6), mapped.slice(4096, 4101)]).toEqual(['parent', 'child']);
  });

  it('has what both sides append at once, whole and once', async () => {
    const at = await place('appended');
    const log = host('work', 'appended', 'log');
    const end = new AbortController();
    const inBox = sh(`for i in $(seq 200); do echo box $i >> ${at}/log; done`).finally(() => {
      end.abort();
    });
    let written = 0;
    while (!end.signal.aborted) await appendFile(log, `host ${String((written += 1))}\n`);
    await inBox;
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    const inOrder = (side: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${side} ${String(i + 1)}`);
    expect(lines.filter((line) => !line.startsWith('host'))).toEqual(inOrder('box', 200));
    expect(lines.filter((line) => line.startsWith('host'))).toEqual(inOrder('host', written));
  });

  it('keeps an open file whose name is gone', async () => {
    const at = await place('unlinked');
    expect(await calls(at, 'unlinked')).toEqual([
      ...['unlink ok', 'pread ok', 'same ok', 'pwrite ok'],
      ...['ftruncate ok', 'fchmod ok', 'fchown ok', 'futimens ok', 'fstat ok'],
      'size 2 mode 640 modified 6',
      ...['stat ENOENT', 'chmod ENOENT', 'truncate ENOENT', 'again ok'],
    ]);
    expect(await readdir(host('work', 'unlinked'))).toEqual(['gone']);
    expect((await stat(host('work', 'unlinked', 'gone'))).mode & 0o777).toBe(0o600);
    expect(await calls(at, 'unlinked-after')).toEqual([
      ...['rename ok', 'unlink ok', 'ftruncate ok', 'fchmod ok'],
      ...['link ok', 'ftruncate ok', 'stat ok', 'size 3'],
    ]);
    expect(await calls(at, 'unlinked-twice')).toEqual([
      ...['unlink ok', 'unlink ok', 'ftruncate ENOENT', 'ftruncate ok'],
    ]);
    const changed = calls(at, 'unlinked-elsewhere');
    const [from, to] = [host('work', 'unlinked', 'elsewhere'), host('work', 'unlinked', 'taken')];
    await lookUntil(
      () =>
        rename(from, to).then(
          () => true,
          () => false,
        ),
      (renamed) => renamed,
    );
    expect(await changed).toEqual(['ftruncate ok', 'fchmod ok']);
    const taken = await stat(to);
    expect([taken.size, taken.mode & 0o777]).toEqual([5, 0o640]);
  });

  it('may hold 20,000 files', async () => {
    const at = await place('many');
    await mkdir(host('work', 'many', 'many'));
    const name = (i: number): string => host('work', 'many', 'many', `host-${i}`);
    for (let i = 0; i < 20_000; i += 1) await writeFile(name(i), '');
    expect(await calls(`${at}/many`, 'counted')).toEqual(['20000']);
    await rm(host('work', 'many', 'many'), { recursive: true });
    expect(await calls(at, 'many', '500')).toEqual(['']);
    expect(await readdir(host('work', 'many', 'many'))).toHaveLength(500);
    expect(await readFile(host('work', 'many', 'many', '000499'), 'utf8')).toBe('many/000499');
  });
});
