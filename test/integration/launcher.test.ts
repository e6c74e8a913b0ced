import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installedCli } from '../../src/host/installed-cli.js';
import { start } from '../helpers/cli.js';
import { lookUntil } from '../helpers/look-until.js';
import { TmuxTerminal } from '../helpers/tmux.js';

const source = fileURLToPath(new URL('../..', import.meta.url));
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'a project '));
  for (const folder of ['bin', 'test', 'dist', 'elsewhere']) mkdirSync(join(project, folder));
  for (const file of ['package.json', 'bin/package.json', 'bin/boxlite', 'test/run'])
    copyFileSync(join(source, file), join(project, file));
});
afterEach(() => rmSync(project, { recursive: true }));

function run(
  program: string,
  args: string[],
  path = '',
): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: '/',
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path}:${process.env.PATH ?? ''}` },
  });
  return { status, out: stdout, err: stderr };
}

describe('bin/boxlite', () => {
  it('says that it is not built', () => {
    expect(run(join(project, 'bin/boxlite'), ['ps'])).toEqual({
      status: 125,
      out: '',
      err: 'boxlite: its program is missing: install BoxLite again (in its sources: npm run build)\n',
    });
  });

  it('says that a part of the program is missing, even to one that would catch it', () => {
    writeBundle('try { load("rest-1"); } catch {} console.log("went on");');
    expect(run(join(project, 'bin/boxlite'), ['ps'])).toMatchObject({ status: 125, out: '' });
  });

  it('loads what else the program is made of, when it asks for it', () => {
    writeBundle('console.log(load("rest-1")("x"));');
    writeBundle('return (word) => word + __filename.slice(__dirname.length);', 'rest-1');
    expect(run(join(project, 'bin/boxlite'), ['ps'])).toEqual({
      status: 0,
      out: 'x/rest-1.cjs\n',
      err: '',
    });
  });

  it('runs the bundle with its arguments, also through a link from elsewhere', () => {
    writeBundle('console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 3;');
    const link = join(project, 'elsewhere/bl');
    symlinkSync('../bin/boxlite', link);
    expect(run(link, ['run', '-x', 'a b'])).toEqual({
      status: 3,
      out: '["run","-x","a b"]\n',
      err: '',
    });
  });
});

describe('SIGUSR1', () => {
  /** Says when it listens, and after the signal whether Node's debugger has been opened. */
  const body = (listen: string): string =>
    `${listen}; setTimeout(() => console.log(require('node:inspector').url()), 300); console.log('ready');`;

  async function afterSignal(program: string, args: string[]): Promise<string> {
    const started = start(program, args);
    await started.output(/ready/);
    started.child.kill('SIGUSR1');
    const { status, stdout, stderr } = await started.result;
    expect(status).toBe(0);
    expect(stderr).not.toContain('Debugger listening');
    return stdout.toString();
  }

  it('opens no debugger in a program', async () => {
    writeBundle(body(''));
    expect(await afterSignal(join(project, 'bin/boxlite'), ['wait'])).toBe('ready\nundefined\n');
  });

  it('opens none before the program listens for it, nor in one that is started for a box', async () => {
    const launcher = readFileSync(join(source, 'bin/boxlite'), 'utf8');
    const [node = '', flag = '', dashes] = installedCli();
    expect([node, dashes]).toEqual([process.execPath, '--']);
    expect(launcher.split('\n')[1]).toBe(`':' //; exec node ${flag} -- "$0" "$@"`);
    expect(await afterSignal(node, [flag, '-e', body('')])).toBe('ready\nundefined\n');
  });
});

it('ends with its own status when its terminal was closed', async () => {
  writeBundle(`process.on('SIGHUP', () => setTimeout(() => process.exit(7), 100));
    process.stdin.on('error', () => undefined).resume();
    setTimeout(() => undefined, 60_000); console.log('ready');`);
  const file = join(project, 'status');
  const terminal = await TmuxTerminal.open(
    { columns: 80, rows: 24 },
    { PATH: process.env.PATH ?? '' },
  );
  await terminal.type(
    `sh -c 'trap : HUP; "${project}/bin/boxlite"; echo $? > "${project}/draft"; mv "${project}/draft" "${file}"'`,
  );
  await terminal.until(/^ready$/m);
  await terminal[Symbol.asyncDispose]();
  const look = (): Promise<string> =>
    Promise.resolve(existsSync(file) ? readFileSync(file, 'utf8') : '');
  expect(await lookUntil(look, (status) => status !== '')).toBe('7\n');
});

it('ends in the background of a terminal that it has made raw, and leaves the mode alone', async () => {
  writeBundle(`process.on('SIGTERM', () => process.exit(7)).stdin.setRawMode(true);
    setTimeout(() => undefined, 60_000); console.log('\\r\\ngroup %d.', process.ppid);`);
  await using terminal = await TmuxTerminal.open(
    { columns: 80, rows: 24 },
    { PATH: process.env.PATH ?? '' },
  );
  const command = '(trap : TERM; bin/boxlite; echo $? > draft; mv draft status)';
  await terminal.type(`cd '${project}'; clear; ${command}`);
  const group = Number(/^group (\d+)/m.exec(await terminal.until(/^group \d+\.$/m))?.[1]);
  process.kill(-group, 'SIGSTOP');
  await terminal.until(/Stopped[^]*host\$ ?$/);
  const script = `stty sane -echo; stty -g > before; kill %1; kill -CONT %1
    until [ -e status ]; do sleep 0.1; done; stty -g > draft; mv draft after`;
  writeFileSync(join(project, 'end'), script);
  // While the terminal is raw, Return ends no line.
  await terminal.type('. ./end #');
  await terminal.press('C-j');
  const after = await lookUntil(
    () => readFile(join(project, 'after'), 'utf8').catch(() => ''),
    (text) => text !== '',
  );
  expect(readFileSync(join(project, 'status'), 'utf8')).toBe('7\n');
  expect(after).toBe(readFileSync(join(project, 'before'), 'utf8'));
});

describe('the first file of the program', () => {
  it.each([
    [[], /^CONTAINER ID .*NAMES\n$/],
    [['-a', '--no-trunc'], /\n[0-9a-z]{26} .* web\n$/],
    [['-aq'], /^[0-9a-z]{12}\n$/],
  ])('has all that ps %j needs', (options, shown) => {
    for (const file of ['cli.cjs', 'cli.cache'])
      copyFileSync(join(source, 'dist', file), join(project, 'dist', file));
    cpSync(join(source, 'dist/sqlite'), join(project, 'dist/sqlite'), { recursive: true });
    const home = join(project, 'home');
    const env = { ...process.env, BOXLITE_HOME: home };
    const made = spawnSync(
      join(source, 'bin/boxlite'),
      ['create', '--name', 'web', '--rootfs', join(project, 'elsewhere'), 'true'],
      { encoding: 'utf8', env },
    );
    expect([made.status, made.stderr]).toEqual([0, '']);

    const listed = run(join(project, 'bin/boxlite'), [`--home=${home}`, 'ps', ...options]);
    expect(listed).toEqual({ status: 0, out: expect.stringMatching(shown) as string, err: '' });
  });
});

describe('the compiled form of the bundle', () => {
  /** What it prints tells which of two programs of one length runs. */
  const program = (word: string): string => `console.log("${word}")`;
  const runIt = (): ReturnType<typeof run> => run(join(project, 'bin/boxlite'), []);

  it('is used when it belongs to the bundle', () => {
    const source = writeBundle(program('one'));
    writeCache(source.slice(0, DIGEST_LENGTH), compile(source));
    expect(runIt()).toEqual({ status: 0, out: 'one\n', err: '' });
    // V8 asks for no more than the length: so the source is not what runs.
    writeCache(source.slice(0, DIGEST_LENGTH), compile(wrap(program('two'))));
    expect(runIt()).toEqual({ status: 0, out: 'two\n', err: '' });
  });

  it.each([
    ['of another bundle', () => writeCache(`//${'0'.repeat(62)}`, compile(wrap(program('two'))))],
    [
      'that is cut short',
      () => writeCache(wrap(program('one')).slice(0, DIGEST_LENGTH), Buffer.of(1)),
    ],
    ['that is empty', () => writeFileSync(join(project, 'dist/cli.cache'), '')],
  ])('is passed over when it is one %s', (_what, write) => {
    writeBundle(program('one'));
    write();
    expect(runIt()).toEqual({ status: 0, out: 'one\n', err: '' });
  });
});

const DIGEST_LENGTH = 64;

/** As the build wraps it. */
function wrap(body: string): string {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 62);
  return `//${digest}\n(function(require,__filename,__dirname,load){${body}\n})`;
}

function writeBundle(body: string, name = 'cli'): string {
  const source = wrap(body);
  writeFileSync(join(project, `dist/${name}.cjs`), source);
  return source;
}

function writeCache(digest: string, compiled: Buffer): void {
  writeFileSync(join(project, 'dist/cli.cache'), Buffer.concat([Buffer.from(digest), compiled]));
}

function compile(source: string): Buffer {
  return new Script(source).createCachedData();
}

describe('test/run', () => {
  /** Stands for quickstart and for vitest, which writes `report` where it is told to. */
  function runTests(quickstart: string, vitest: string, report?: object): ReturnType<typeof run> {
    writeFileSync(join(project, 'bin/quickstart'), quickstart);
    writeFileSync(join(project, 'report.json'), JSON.stringify(report ?? null));
    const find = 'for a; do case $a in --outputFile.json=*) out=${a#*=} ;; esac; done';
    const write = report === undefined ? '' : `cp '${project}/report.json' "$out"`;
    const script = `#!/bin/sh\n${find}\n${write}\n${vitest}\n`;
    writeFileSync(join(project, 'elsewhere/npx'), script, { mode: 0o755 });
    return run('sh', [join(project, 'test/run')], join(project, 'elsewhere'));
  }
  const passed = { status: 'passed', assertionResults: [{ status: 'passed' }] };
  const failed = { status: 'failed', assertionResults: [{ status: 'failed' }] };
  const broken = { status: 'failed', assertionResults: [] };
  const counts = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 };

  it.each([
    [
      'all pass',
      'exit 0',
      { ...counts, testResults: [passed] },
      0,
      '5 passed, 0 failed, 2 skipped',
    ],
    [
      'one test fails',
      'exit 1',
      { ...counts, numFailedTests: 1, testResults: [passed, failed] },
      1,
      '5 passed, 1 failed, 2 skipped',
    ],
    [
      'a file breaks before its first test',
      'exit 1',
      { ...counts, testResults: [broken, passed] },
      1,
      '5 passed, 1 failed, 2 skipped',
    ],
    [
      'vitest fails outside of any test',
      'exit 1',
      { ...counts, testResults: [passed] },
      1,
      '5 passed, 1 failed, 2 skipped',
    ],
    ['vitest leaves no report', 'exit 1', undefined, 1, '0 passed, 1 failed, 0 skipped'],
    [
      'vitest leaves no report and no status',
      'exit 0',
      undefined,
      1,
      '0 passed, 1 failed, 0 skipped',
    ],
  ])('ends with one line of counts when %s', (_what, vitest, report, status, line) => {
    const result = runTests('exit 0', vitest, report);
    expect(result.status).toBe(status);
    expect(result.out.trimEnd().split('\n').at(-1)).toBe(line);
  });

  it('counts a failed set-up as a failure', () => {
    const result = runTests('echo no compiler; exit 1', 'exit 0');
    expect(result).toMatchObject({
      status: 1,
      out: 'no compiler\n0 passed, 1 failed, 0 skipped\n',
    });
  });
});
