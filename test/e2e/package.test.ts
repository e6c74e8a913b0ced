import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type CliResult } from '../helpers/cli.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
const project = join(import.meta.dirname, '../..');
/** npm, or a compiler, on a busy host. */
const INSTALL_TIMEOUT_MS = 300_000;

let place: string;
let prefix: string;
let installed: CliResult;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'boxlite package '));
  prefix = join(place, 'prefix');
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', place];
  const packed = await run('npm', pack, { cwd: project, env: { HOME: place } });
  const archive = packed.stdout.toString().trim();
  installed = await run(
    'npm',
    [
      'install',
      '--global',
      '--prefix',
      prefix,
      '--no-audit',
      '--no-fund',
      '--offline',
      join(place, archive),
    ],
    { cwd: '/', env: { HOME: place }, timeoutMs: INSTALL_TIMEOUT_MS },
  );
}, 2 * INSTALL_TIMEOUT_MS);
afterAll(() => rm(place, { recursive: true }));

/** As a shell finds it whose PATH has the prefix. */
function boxlite(args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  return run('boxlite', args, {
    cwd: '/',
    env: {
      PATH: `${prefix}/bin:${process.env.PATH ?? ''}`,
      HOME: place,
      BOXLITE_HOME: home.path,
      LANG: 'C.UTF-8',
      ...env,
    },
  });
}
const root = (): string => join(prefix, 'lib/node_modules/boxlite');

describe('the package, installed for all users', () => {
  it('installs without a compiler and without a network', () => {
    expect({ status: installed.status, stderr: installed.stderr }).toMatchObject({ status: 0 });
    // All packages are in the bundle: nothing is downloaded either.
    expect(existsSync(join(root(), 'node_modules'))).toBe(false);
  });

  it('holds no sources of ours but those that may have to be built', async () => {
    expect((await readdir(root())).sort()).toEqual(
      [
        ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'completions', 'dist', 'docs', 'man'],
        ...['native', 'package.json'],
      ].sort(),
    );
  });

  it('knows its version', async () => {
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await boxlite(['--version'])).toEqual({
      status: 0,
      stdout: Buffer.from(`boxlite version ${version}\n`),
      stderr: '',
    });
  });

  it('runs a box with its own programs', async () => {
    const { status, stdout, stderr } = await boxlite(['run', '--rm', 'busybox', 'echo', 'hi']);
    expect({ status, stdout: stdout.toString(), stderr }).toEqual({
      status: 0,
      stdout: 'hi\n',
      stderr: '',
    });
  });

  it('finds itself well', async () => {
    const { status, stdout } = await boxlite(['doctor', '--no-registry']);
    expect(stdout.toString()).toMatch(/Boxes run on this machine\.\n$/);
    expect(stdout.toString()).toContain(join(root(), 'native/build'));
    expect(status).toBe(0);
    const ps = await boxlite(['ps', '-aq']);
    expect(ps.stdout.toString()).toBe('');
  });

  it('has its manual where man looks', async () => {
    const { stdout } = await run('man', ['--where', 'boxlite-run'], {
      env: { PATH: `${prefix}/bin:${process.env.PATH ?? ''}`, HOME: place },
    });
    expect(stdout.toString()).toContain('boxlite-run.1');
  });

  it('prints the completions that lie in it', async () => {
    const { stdout } = await boxlite(['completion', 'zsh']);
    expect(stdout.toString()).toBe(readFileSync(join(root(), 'completions/zsh/_boxlite'), 'utf8'));
  });

  it('can be imported', async () => {
    const user = await mkdtemp(join(place, 'user-'));
    await cp(root(), join(user, 'node_modules/boxlite'), { recursive: true });
    const code =
      "const { BoxliteRuntime } = await import('boxlite'); await using r = new BoxliteRuntime();" +
      'console.log((await r.listInfo()).length)';
    const { stdout, stderr } = await run(
      process.execPath,
      ['--input-type=module', '-e', code.replace('await using r', 'const r')],
      { cwd: user, env: { BOXLITE_HOME: home.path, HOME: place } },
    );
    expect({ stdout: stdout.toString(), stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  it('tells what to install when its native programs neither run nor can be built', async () => {
    const broken = await mkdtemp(join(place, 'broken-'));
    const copy = join(broken, 'boxlite');
    await cp(root(), copy, { recursive: true });
    await rm(join(copy, 'native/build/boxlite-shim'));
    const bin = await mkdtemp(join(place, 'bin-'));
    await symlink(process.execPath, join(bin, 'node'));
    const { status, stderr } = await run(process.execPath, [join(copy, 'bin/after-install.cjs')], {
      env: { PATH: bin },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/native programs do not run here, and gcc and make/);
  });

  it(
    'builds the programs in it that do not run here, and keeps nothing else of that',
    async () => {
      const copy = await mkdtemp(join(place, 'foreign '));
      await cp(root(), copy, { recursive: true });
      await writeFile(join(copy, 'native/build/boxlite-shim'), '\x7fELF of another machine');
      const script = join(copy, 'bin/after-install.cjs');
      const { status, stderr } = await run(process.execPath, [script], {
        env: { HOME: place },
        timeoutMs: INSTALL_TIMEOUT_MS,
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect((await readdir(join(copy, 'native/build'))).sort()).toEqual(
        ['archive', 'guest', 'ram.so', 'shim'].map((name) => `boxlite-${name}`),
      );
      const echo = ['run', '--rm', 'busybox', 'echo', 'built'];
      const built = await run(join(copy, 'bin/boxlite'), echo, {
        env: { HOME: place, BOXLITE_HOME: home.path },
      });
      expect(built).toMatchObject({ status: 0, stdout: Buffer.from('built\n') });
    },
    2 * INSTALL_TIMEOUT_MS,
  );

  it('leaves nothing behind but the home', async () => {
    const { status } = await run('npm', ['uninstall', '--global', '--prefix', prefix, 'boxlite'], {
      cwd: '/',
      env: { HOME: place },
    });
    expect(status).toBe(0);
    const left = (await readdir(prefix, { recursive: true })).filter((path) =>
      path.includes('boxlite'),
    );
    expect(left).toEqual([]);
    expect(existsSync(join(home.path, 'boxlite.db'))).toBe(true);
  });
});
