import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openEngine } from '../../src/engine/open-engine.js';
import type { BoxliteRuntime } from '../../src/engine/runtime.js';
import { lockVolume } from '../../src/engine/volumes/files.js';
import type { Home } from '../../src/host/home.js';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { tar, type TarFields } from '../helpers/tar-builder.js';
import { openRuntime, temporaryHome } from '../helpers/tiny-runtime.js';

const isRoot = process.getuid?.() === 0;
const scratch = mkdtempSync(join(tmpdir(), 'boxlite-volume-copies-'));
const program = join(scratch, 'engine-process.mjs');

beforeAll(() => bundleHelper('engine-process', program, 'external'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let home: Home;
let runtime: BoxliteRuntime;
/** A directory of the host, and one beside it that nobody may touch. */
let here: string;

beforeEach(async () => {
  home = temporaryHome();
  runtime = openRuntime(home);
  here = mkdtempSync(join(scratch, 'host-'));
  mkdirSync(join(here, 'outside'));
  writeFileSync(join(here, 'outside/secret'), 'secret');
  await runtime.volumes.create({ name: 'data' });
});

const data = (path: string, volume = 'data'): string => join(home.volumeData(volume), path);

async function* archive(...entries: (TarFields | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const entry of entries)
    yield await Promise.resolve(Buffer.isBuffer(entry) ? entry : tar(entry));
}

async function exported(volume = 'data'): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of runtime.volumes.export(volume)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a shared volume', () => {
  test('takes files of the host and gives them back', async () => {
    writeFileSync(join(here, 'file'), 'text');
    const { entries } = await runtime.volumes.copyInto('data', join(here, 'file'), '/new');
    expect([entries, readFileSync(data('new'), 'utf8')]).toEqual([1, 'text']);
    await runtime.volumes.copyOut('data', '/', join(here, 'all'));
    expect(readFileSync(join(here, 'all/new'), 'utf8')).toBe('text');
  });

  test.each(['out/secret', 'up/outside/secret', '../../outside/secret', 'file/secret'])(
    'gives nothing that a link in it leads out to: %s',
    async (path) => {
      symlinkSync(join(here, 'outside'), data('out'));
      symlinkSync(here, data('up'));
      symlinkSync(join(here, 'outside/secret'), data('file'));
      await expect(runtime.volumes.copyOut('data', path, join(here, 'got'))).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringMatching(
          /^(Could not find|not a directory).* in volume data$/,
        ) as string,
      });
      expect(existsSync(join(here, 'got'))).toBe(false);
    },
  );

  test.each(['/out/new', '/out/', '/out', '/new'])(
    'takes nothing to where a link in it leads out: %s',
    async (path) => {
      symlinkSync(join(here, 'outside'), data('out'));
      symlinkSync(join(here, 'outside/made'), data('new'));
      writeFileSync(join(here, 'file'), 'text');
      await runtime.volumes.copyInto('data', join(here, 'file'), path).catch(() => undefined);
      expect(readdirSync(join(here, 'outside'))).toEqual(['secret']);
    },
  );

  test('gives a link as a link, and follows none', async () => {
    symlinkSync('/etc/passwd', data('link'));
    await runtime.volumes.copyOut('data', '/link', join(here, 'link'));
    expect(readlinkSync(join(here, 'link'))).toBe('/etc/passwd');
    const followed = runtime.volumes.copyOut('data', '/link', here, { followSource: true });
    await expect(followed).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('whose directory has become a link is no way to where that leads', async () => {
    rmSync(home.volumeData('data'), { recursive: true });
    symlinkSync(join(here, 'outside'), home.volumeData('data'));
    await expect(runtime.volumes.copyOut('data', '/secret', here)).rejects.toThrow();
    await expect(exported()).rejects.toThrow();
  });

  test('goes into an archive and comes back as it was', async () => {
    mkdirSync(data('dir'), { mode: 0o750 });
    writeFileSync(data('dir/file'), 'text', { mode: 0o640 });
    linkSync(data('dir/file'), data('hard'));
    symlinkSync('dir/file', data('link'));
    writeFileSync(data('sparse'), 'x');
    truncateSync(data('sparse'), 2 ** 30);
    utimesSync(data('dir'), 1, 981_173_106.123);
    const whole = await exported();
    expect(whole.length).toBeLessThan(2 ** 20);
    await runtime.volumes.create({ name: 'back' });
    writeFileSync(data('mine', 'back'), 'stays');
    await runtime.volumes.import('back', archive(gzipSync(whole)));
    const listed = (name: string): string[] =>
      execFileSync('find', ['.', '-printf', '%p %y %m %n %s %T@ %U %G\n'], {
        cwd: home.volumeData(name),
        encoding: 'utf8',
      })
        .split('\n')
        .filter((line) => !line.startsWith('./mine'))
        .sort();
    expect(listed('back')).toEqual(listed('data'));
    expect(readFileSync(data('mine', 'back'), 'utf8')).toBe('stays');
    expect(statSync(data('hard', 'back')).ino).toBe(statSync(data('dir/file', 'back')).ino);
    expect(statSync(data('sparse', 'back')).blocks).toBeLessThan(64);
  });

  test.runIf(isRoot)('takes owners and no way to more rights from an archive', async () => {
    const warnings: string[] = [];
    await runtime.volumes.import(
      'data',
      archive(
        tar(
          { name: './', type: '5', mode: 0o1770, uid: 70, gid: 71 },
          { name: './program', mode: 0o6755, content: '#!', uid: 72 },
          { name: './null', type: '3', major: 1, minor: 3 },
        ),
      ),
      { onWarning: (text) => warnings.push(text) },
    );
    const { mode, uid, gid } = statSync(home.volumeData('data'));
    expect([mode & 0o7777, uid, gid]).toEqual([0o1770, 70, 71]);
    expect(lstatSync(data('program'))).toMatchObject({ mode: 0o100755, uid: 72 });
    expect(readdirSync(home.volumeData('data'))).toEqual(['program']);
    expect(warnings).toEqual([
      './program: its set-user-ID and set-group-ID bits were left out',
      './null: a device node was left out',
    ]);
  });

  test.each<[string, Buffer, string]>([
    ['a name that leads out', tar({ name: '../x', content: 'x' }), '../x'],
    ['a file over a directory', tar({ name: 'd', content: 'x' }), 'd'],
    [
      'no end of a file',
      tar({ name: 'half', content: 'x'.repeat(2000) }).subarray(0, 1024),
      'half',
    ],
  ])('refuses an archive with %s, by both names', async (_what, bytes, entry) => {
    mkdirSync(data('d'));
    const error: unknown = await runtime.volumes
      .import('data', archive(bytes))
      .catch((e: unknown) => e);
    expect(String(error)).toContain('volume data');
    expect(String(error)).toContain(entry);
    expect(readdirSync(home.volumeData('data'))).toEqual(['d']);
  });

  test('refuses a damaged archive by its name', async () => {
    const packed = gzipSync(tar({ name: 'f', content: Buffer.alloc(2 ** 20, 'x') }));
    const cut = archive(packed.subarray(0, packed.length - 40));
    await expect(runtime.volumes.import('data', cut)).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining('volume data') as string,
    });
  });

  test('is named when it is not there', async () => {
    await expect(exported('none')).rejects.toMatchObject({ code: 'volume-not-found' });
    await expect(runtime.volumes.import('none', archive())).rejects.toThrow('none');
    rmSync(home.volumeData('data'), { recursive: true });
    await expect(exported()).rejects.toThrow('the files of volume data are gone');
  });
});

describe('a copy of a volume', () => {
  test('has its files, its type and its options, and holes as holes', async () => {
    writeFileSync(data('sparse'), 'x');
    truncateSync(data('sparse'), 2 ** 30);
    mkdirSync(data('closed'), { mode: 0o500 });
    const copy = await runtime.volumes.create({ name: 'copy', from: 'data', labels: { a: 'b' } });
    expect(copy).toMatchObject({ kind: 'shared', labels: { a: 'b' }, anonymous: false });
    expect(statSync(data('sparse', 'copy'))).toMatchObject({ size: 2 ** 30 });
    expect(statSync(data('sparse', 'copy')).blocks).toBeLessThan(64);
    expect(statSync(data('closed', 'copy')).mode & 0o777).toBe(0o500);
    const options = { type: 'disk', size: '100m' };
    await runtime.volumes.create({ name: 'disk', options });
    writeFileSync(home.volumeDisk('disk'), 'content');
    truncateSync(home.volumeDisk('disk'), 2 ** 40);
    const other = await runtime.volumes.create({ from: 'disk' });
    expect(other).toMatchObject({
      kind: 'disk',
      options,
      sizeBytes: 100 * 2 ** 20,
      anonymous: true,
    });
    expect(statSync(home.volumeDisk(other.name))).toMatchObject({ size: 2 ** 40 });
    expect(statSync(home.volumeDisk(other.name)).blocks).toBeLessThan(64);
  });

  test('of a disk that was never used has none either', async () => {
    await runtime.volumes.create({ name: 'unused', options: { type: 'disk' } });
    await runtime.volumes.create({ name: 'copy', from: 'unused' });
    expect(readdirSync(home.volume('copy'))).toEqual([]);
  });

  test('is refused where a volume is, or the files of one', async () => {
    await runtime.volumes.create({ name: 'there' });
    mkdirSync(home.volume('lost'));
    mkdirSync(data('', 'lost'));
    writeFileSync(data('kept', 'lost'), '');
    for (const name of ['there', 'data', 'lost'])
      await expect(runtime.volumes.create({ name, from: 'data' })).rejects.toMatchObject({
        code: 'name-taken',
      });
    expect(readdirSync(home.volumeData('lost'))).toEqual(['kept']);
    await expect(runtime.volumes.create({ name: 'new', from: 'none' })).rejects.toMatchObject({
      code: 'volume-not-found',
    });
    const other = { name: 'new', from: 'data', options: { type: 'disk' } };
    await expect(runtime.volumes.create(other)).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('of a disk that a machine has is refused, and leaves nothing', async () => {
    await runtime.volumes.create({ name: 'db', options: { type: 'disk' } });
    writeFileSync(home.volumeDisk('db'), 'content');
    const holder = spawn('flock', [home.volumeDisk('db'), 'sh', '-c', 'echo; cat']);
    onTestFinished(() => void holder.stdin.end());
    await once(holder.stdout, 'data');
    await expect(runtime.volumes.create({ name: 'copy', from: 'db' })).rejects.toMatchObject({
      code: 'volume-in-use',
      message: 'volume db is in use: a machine has its disk',
    });
    expect(readdirSync(home.volumes()).sort()).toEqual(['data', 'db']);
  });

  test('waits for whoever works on the disk', async () => {
    await runtime.volumes.create({ name: 'db', options: { type: 'disk' } });
    const { context } = openEngine({ homeDir: home.root });
    onTestFinished(() => context.lifetime.close());
    const lock = await lockVolume(context, 'db', 'export');
    let made = false;
    const copy = runtime.volumes.create({ name: 'copy', from: 'db' }).then(() => (made = true));
    await runtime.volumes.create({ name: 'another' });
    expect(made).toBe(false);
    lock.release();
    await copy;
  });

  test.each(['volume:marked', 'volume:copied'])(
    'whose maker is killed at %s is none, and goes with the next removal',
    async (point) => {
      writeFileSync(data('file'), 'text');
      expect(copyKilledAt(point)).toBe('SIGKILL');
      expect((await runtime.volumes.list()).map(({ name }) => name)).toEqual(['data']);
      // Whoever takes the name begins with nothing.
      expect(existsSync(data('file', 'copy'))).toBe(point === 'volume:copied');
      await runtime.volumes.prune();
      expect(readdirSync(home.volumes())).toEqual(['data']);
      expect(copyKilledAt(point)).toBe('SIGKILL');
      await runtime.volumes.create({ name: 'copy' });
      expect(readdirSync(home.volumeData('copy'))).toEqual([]);
    },
  );

  test('whose maker is killed after its record is one', async () => {
    writeFileSync(data('file'), 'text');
    expect(copyKilledAt('volume:recorded')).toBe('SIGKILL');
    await runtime.volumes.prune();
    expect(readFileSync(data('file', 'copy'), 'utf8')).toBe('text');
  });
});

describe('a volume whose maker or remover is killed', () => {
  test('before its record is none, and is made by the next one', async () => {
    expect(killedAt('volume:files-made', 'create-volume', 'new')).toBe('SIGKILL');
    expect((await runtime.volumes.list()).map(({ name }) => name)).not.toContain('new');
    await runtime.volumes.create({ name: 'new' });
    expect(readdirSync(home.volumeData('new'))).toEqual([]);
    await runtime.volumes.remove('new');
  });

  test.each([
    ['volume:forgotten', 'remove-volume', ['old'], 'create'],
    ['volume:put-aside', 'remove-volume', ['old'], 'prune'],
    ['volume:forgotten', 'prune-volumes', [], 'prune'],
    ['volume:put-aside', 'prune-volumes', [], 'create'],
  ])(
    'at %s of %s does not come back, and its files go with the next',
    async (point, verb, args, next) => {
      await runtime.volumes.prune({ all: true });
      await runtime.volumes.create({ name: 'old' });
      writeFileSync(data('file', 'old'), 'text');
      expect(killedAt(point, verb, ...args)).toBe('SIGKILL');
      expect(await runtime.volumes.list()).toEqual([]);
      if (next === 'create') await runtime.volumes.create({ name: 'old' });
      await runtime.volumes.prune();
      expect(existsSync(data('file', 'old'))).toBe(false);
      expect(readdirSync(home.volumes())).toEqual(next === 'create' ? ['old'] : []);
    },
  );
});

/** @returns the signal that ended it */
const copyKilledAt = (point: string): string | null => killedAt(point, 'copy-volume', 'copy');

function killedAt(point: string, ...action: readonly string[]): string | null {
  const { signal } = spawnSync(process.execPath, [program, home.root, ...action], {
    input: 'go\n',
    // Bundled, it does not find the programs by itself.
    env: { ...process.env, BOXLITE_CRASH_AT: point, BOXLITE_NATIVE: resolve('native/build') },
  });
  return signal;
}
