import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../src/engine/setup/doctor/doctor.js';
import { type CliResult, run } from '../helpers/cli.js';
import { OTHER_NODES } from '../helpers/other-nodes.js';
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
      '--ignore-scripts',
      join(place, archive),
    ],
    { cwd: '/', env: { HOME: place }, timeoutMs: INSTALL_TIMEOUT_MS },
  );
}, 2 * INSTALL_TIMEOUT_MS);
afterAll(() => rm(place, { recursive: true }));

/** Runs it as found by a shell whose PATH has the prefix. */
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
    // The bundle contains all packages, so nothing is downloaded either.
    expect(existsSync(join(root(), 'node_modules'))).toBe(false);
  });

  it('holds what runs, and no sources', async () => {
    expect((await readdir(root())).sort()).toEqual(
      [
        ...['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md'],
        ...['bin', 'completions', 'dist', 'docs', 'man', 'native', 'package.json'],
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

  it.each(OTHER_NODES)('runs a box under Node.js $major', async ({ node }) => {
    const under = (args: readonly string[]): Promise<CliResult> =>
      run(node, [join(prefix, 'bin/boxlite'), ...args], {
        cwd: '/',
        env: { HOME: place, BOXLITE_HOME: home.path, LANG: 'C.UTF-8' },
      });
    expect(await under(['run', '--rm', 'busybox', 'echo', 'hi'])).toEqual({
      status: 0,
      stdout: Buffer.from('hi\n'),
      stderr: '',
    });
    expect((await under(['ps', '-aq'])).stdout.toString()).toBe('');
    const { checks } = JSON.parse(
      (await under(['doctor', '--no-registry', '--json'])).stdout.toString(),
    ) as DoctorReport;
    expect(checks).toContainEqual(expect.objectContaining({ name: 'database', status: 'ok' }));
    expect(checks).toContainEqual(expect.objectContaining({ name: 'box', status: 'ok' }));
  });

  it('says which Node.js to use when it has no SQLite for this one', async () => {
    const copy = await mkdtemp(join(place, 'other '));
    await cp(root(), copy, { recursive: true });
    for (const name of await readdir(join(copy, 'dist/sqlite')))
      await rm(join(copy, 'dist/sqlite', name));
    const { status, stderr } = await run(join(copy, 'bin/boxlite'), ['ps'], {
      env: { HOME: place, BOXLITE_HOME: home.path },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^boxlite: this BoxLite has no SQLite for Node\.js [\d.]+\n.*22\.14 or newer/,
    );
  });

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
