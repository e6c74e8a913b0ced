import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_KEYS } from '../../../../../src/cli/config/keys.js';
import { type ConfigKey, readKey } from '../../../../../src/cli/config/settings.js';
import { fakeWorld, type Outcome, runCli } from '../../fake-world.js';

let home: string;
let path: string;
beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'boxlite-config-')), 'home');
  path = join(home, 'config.json');
});
afterEach(() => rmSync(join(home, '..'), { recursive: true }));

function boxlite(argv: readonly string[], environment: Record<string, string> = {}) {
  return runCli(argv, {}, fakeWorld({ BOXLITE_HOME: home, ...environment }));
}
async function ok(argv: readonly string[], environment?: Record<string, string>): Promise<string> {
  const { status, stdout, stderr } = await boxlite(argv, environment);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}
function configure(json: object): void {
  mkdirSync(home, { recursive: true });
  writeFileSync(path, JSON.stringify(json));
}
const written = (): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('config', () => {
  it('tells of each setting what is in force and where it comes from', async () => {
    configure({ accelerator: 'kvm', registries: ['a.io'], diskSize: '20g', memory: 700 });
    const environment = { BOXLITE_ACCEL: 'tcg', BOXLITE_REGISTRY: 'b.io' };
    const stdout = await ok(['--registry', 'c.io', 'config'], environment);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['KEY', 'VALUE', 'FROM']);
    expect(rows.slice(1, -1).map(([key]) => key)).toEqual(Object.keys(CONFIG_KEYS));
    const all = 'flag --registry, environment BOXLITE_REGISTRY, file';
    expect(rows).toContainEqual(['registries', 'c.io, b.io, a.io', all]);
    expect(rows).toContainEqual(['accelerator', 'tcg', 'environment BOXLITE_ACCEL']);
    expect(rows).toContainEqual(['memory', '700m', 'file']);
    expect(rows).toContainEqual(['diskSize', '20g', 'file']);
    expect(rows).toContainEqual(['cpus', '1', 'default']);
    expect(rows).toContainEqual(['qemu', '-', 'default']);
  });

  it('tells the same as JSON', async () => {
    configure({ cpus: 3 });
    const report = JSON.parse(await ok(['config', '--format', 'json'])) as {
      settings: Record<string, unknown>;
    };
    expect(report).toMatchObject({ file: path, settings: { cpus: { value: 3, from: 'file' } } });
    expect(Object.keys(report.settings)).toEqual(Object.keys(CONFIG_KEYS));
  });

  it('fits a terminal of 40 columns', async () => {
    const world = fakeWorld({ BOXLITE_HOME: home });
    world.stdout.isTTY = true;
    world.stdout.columns = 40;
    const { stdout } = await runCli(['config'], {}, world);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('path names the file, given or not', async () => {
    expect(await ok(['config', 'path'])).toBe(`${path}\n`);
    configure({});
    expect(await ok(['--config', path, 'config', 'path'])).toBe(`${path}\n`);
  });
});

describe('config get', () => {
  it('prints what is in force', async () => {
    expect(await ok(['config', 'get', 'accelerator'])).toBe('auto\n');
    expect(await ok(['config', 'get', 'accelerator'], { BOXLITE_ACCEL: 'tcg' })).toBe('tcg\n');
  });

  it('ends with 1 and says nothing when there is nothing', async () => {
    expect(await boxlite(['config', 'get', 'qemu'])).toEqual({ status: 1, stdout: '', stderr: '' });
  });

  it('asks back for a key that is nearly one', async () => {
    expect((await boxlite(['config', 'get', 'memry'])).stderr).toBe(
      'boxlite: unknown key "memry"\ndid you mean "memory"?\n',
    );
  });
});

describe('config set', () => {
  it.each([
    [['memory', '1g'], { memory: '1g' }],
    [['cpus', '2'], { cpus: 2 }],
    [['registries', 'a.io', 'b.io'], { registries: ['a.io', 'b.io'] }],
    [['detachKeys', 'ctrl-a,d'], { detachKeys: 'ctrl-a,d' }],
    [
      ['registryMirrors', 'docker.io=https://a', 'docker.io=https://b?x=y'],
      { registryMirrors: { 'docker.io': ['https://a', 'https://b?x=y'] } },
    ],
  ])('%j is written, in a home that is made for it', async (words, json) => {
    expect(await ok(['config', 'set', ...words])).toBe('');
    expect(written()).toEqual(json);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  it('keeps what else is in the file', async () => {
    configure({ cpus: 2, memory: '1g' });
    await ok(['config', 'set', 'memory', '2g']);
    expect(written()).toEqual({ cpus: 2, memory: '2g' });
  });

  it.each([
    [['memory', 'lots'], '"memory" must be a size such as 512m or 2g'],
    [['cpus', 'two'], '"cpus" must be a whole number from 1 to 64'],
    [['cpus', '1', '2'], '"cpus" takes one value'],
    [['network', 'bridge'], '"network" must be one of default, none'],
    [['registryMirrors', 'https://m'], '"https://m" is no mirror'],
    [['nope', '1'], 'unknown key "nope"'],
  ])('%j is refused and nothing written', async (words, message) => {
    configure({ cpus: 1 });
    const outcome: Outcome = await boxlite(['config', 'set', ...words]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain(message);
    expect(written()).toEqual({ cpus: 1 });
  });

  it('leaves a link to a file that is kept elsewhere', async () => {
    configure({});
    const kept = join(home, 'kept.json');
    renameSync(path, kept);
    symlinkSync(kept, path);
    await ok(['config', 'set', 'cpus', '2']);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({ cpus: 2 });
  });

  it('says so when something goes before the file', async () => {
    const argv = ['config', 'set', 'accelerator', 'kvm'];
    expect((await boxlite(argv, { BOXLITE_ACCEL: 'tcg' })).stderr).toBe(
      'boxlite: accelerator is written, but the environment BOXLITE_ACCEL goes before the file\n',
    );
  });
});

describe('config unset', () => {
  it('takes keys out and leaves the others', async () => {
    configure({ cpus: 2, memory: '1g', qemu: '/q' });
    expect(await ok(['config', 'unset', 'memory', 'qemu', 'kernel'])).toBe('');
    expect(written()).toEqual({ cpus: 2 });
  });
});

it.each(Object.entries(CONFIG_KEYS))(
  'the example of %s is one that the file takes',
  (key, { example }) => {
    expect(() => readKey('file', key as ConfigKey, JSON.parse(example))).not.toThrow();
  },
);
