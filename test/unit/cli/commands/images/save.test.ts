import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BoxliteError } from '../../../../../src/errors.js';
import { fakeWorld, runCli } from '../../fake-world.js';

const directory = mkdtempSync(join(tmpdir(), 'boxlite-save-'));
afterAll(() => rmSync(directory, { recursive: true }));

const asked: unknown[] = [];
const saving = (archive: () => AsyncGenerator<Uint8Array>): object => ({
  saveImages: (names: string[], format: string) => {
    asked.push([names, format]);
    return Promise.resolve(archive());
  },
});
const engine = saving(async function* () {
  await Promise.resolve();
  yield Buffer.from('arch');
  yield Buffer.from('ive');
});
const link = join(directory, 'link');
symlinkSync('file', link);
const broken = saving(async function* () {
  await Promise.resolve();
  yield Buffer.from('half');
  throw new BoxliteError('image-corrupt', 'stored blob ab is not what its digest says');
});

describe('save', () => {
  it('writes to stdout, and to a file that only its owner reads', async () => {
    expect(await runCli(['save', 'a', 'b'], engine)).toEqual({
      status: 0,
      stdout: 'archive',
      stderr: '',
    });
    const file = join(directory, 'file.tar');
    const argv = ['image', 'save', '--format', 'oci', '-o', file, 'a'];
    expect(await runCli(argv, engine)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['archive', 0o600]);
    expect(asked).toEqual([
      [['a', 'b'], 'docker-archive'],
      [['a'], 'oci'],
    ]);
  });

  it('refuses to write to a terminal', async () => {
    const world = fakeWorld();
    world.stdout.isTTY = true;
    const outcome = await runCli(['save', 'a'], engine, world);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toContain('cowardly refusing to save to a terminal');
  });

  it('leaves an old file as it was, and no other, when the archive breaks off', async () => {
    const place = join(directory, 'broken');
    mkdirSync(place);
    const file = join(place, 'old.tar');
    writeFileSync(file, 'old');
    expect(await runCli(['save', '-o', file, 'a'], broken)).toMatchObject({
      status: 1,
      stdout: '',
    });
    expect([readdirSync(place), readFileSync(file, 'utf8')]).toEqual([['old.tar'], 'old']);
  });

  it('leaves no file when it is interrupted', async () => {
    const place = join(directory, 'interrupted');
    mkdirSync(place);
    const world = fakeWorld();
    const endless = saving(async function* () {
      for (;;) {
        await Promise.resolve();
        world.signals.emit('SIGINT', 'SIGINT');
        yield Buffer.from('more');
      }
    });
    const outcome = await runCli(['save', '-o', join(place, 'a.tar'), 'a'], endless, world);
    expect([outcome.status, readdirSync(place)]).toEqual([130, []]);
    expect(world.signals.listenerCount('SIGINT')).toBe(0);
  });

  it.each([
    ['a directory that is missing', join(directory, 'missing', 'a.tar'), 'does not exist'],
    [
      'a device',
      '/dev/null',
      '"/dev/null" is a device, not a regular file\nleave out -o to write to',
    ],
    ['a directory', directory, 'is a directory\nname a file in it'],
    ['a link', link, 'is a symbolic link\nname what it leads to'],
  ])('refuses %s as its output before it asks for the images', async (_what, path, rule) => {
    asked.length = 0;
    const { status, stderr } = await runCli(['save', '-o', path, 'a'], engine);
    expect([status, asked]).toEqual([1, []]);
    expect(stderr).toContain('invalid output path');
    expect(stderr).toContain(rule);
  });
});

describe('tag', () => {
  it('prints nothing', async () => {
    const calls: unknown[] = [];
    const tagging = {
      tagImage: (...names: string[]) => {
        calls.push(names);
        return Promise.resolve();
      },
    };
    expect(await runCli(['tag', 'a', 'b:1'], tagging)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    await runCli(['image', 'tag', 'c', 'd'], tagging);
    expect(calls).toEqual([
      ['a', 'b:1'],
      ['c', 'd'],
    ]);
  });
});
