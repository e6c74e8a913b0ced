import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { Home } from '../../src/host/home.js';
import { openSqlite } from '../../src/store/sqlite/sqlite.js';
import { BOXLITE, run, start } from '../helpers/cli.js';
import { TINY, tinyRootfs } from '../helpers/tiny-runtime.js';

/** In a directory whose name has a blank, as the home has. */
let place: string;
let env: Record<string, string>;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'boxlite completion '));
  const home = new Home(join(place, 'home'));
  const runtime = new BoxliteRuntime({ homeDir: home.root, accelerator: 'tcg' });
  await runtime.importImage(tinyRootfs(), { reference: TINY, changes: ['CMD ["/bin/sh"]'] });
  await runtime.tagImage(TINY, REMOTE);
  await runtime.tagImage(TINY, 'localhost/other/tool:2');
  const web = await runtime.create({ rootfs: { image: TINY } }, 'web');
  await runtime.create({ rootfs: { image: TINY } }, 'job');
  // As its shim leaves it while the box runs.
  await writeFile(home.boxFile(web.id, 'started'), '{}');
  runtime.close();

  const bin = join(place, 'bin');
  await mkdir(bin);
  // Completes as the real one does, and shows what it is called with instead of doing it.
  await writeFile(
    join(bin, 'boxlite'),
    `#!/bin/sh\n[ "$1" = __complete ] && exec '${BOXLITE}' "$@"\nprintf '<%s>' "$@"; echo '!'\n`,
  );
  await chmod(join(bin, 'boxlite'), 0o755);
  await writeFile(join(place, 'notes.env'), '');
  for (const name of [
    'my rootfs.tar',
    'a:b.env',
    `it's "5$.env`,
    'two\nlines.env',
    '-dash.tar',
    'k=v',
  ])
    await writeFile(join(place, name), '');
  env = {
    HOME: place,
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    BOXLITE_HOME: home.root,
    TERM: 'dumb',
    LANG: 'C.UTF-8',
  };
});
afterAll(() => rm(place, { recursive: true }));

/** Its name has all that a reference may be cut at. */
const REMOTE = 'reg.example:5000/team/app:v1';

/** What is typed, TAB, RETURN; and what the program is then called with. */
const CASES: [typed: string, called: string][] = [
  ['boxlite sto', '<stop>'],
  ['boxlite image pru', '<image><prune>'],
  ['boxlite run --hostn', '<run><--hostname>'],
  ['boxlite run --network=no', '<run><--network=none>'],
  ['boxlite run ti', '<run><tiny>'],
  ['boxlite rm jo', '<rm><job>'],
  ['boxlite exec we', '<exec><web>'],
  ['boxlite exec jo', '<exec><jo>'],
  ['boxlite kill -s HU', '<kill><-s><HUP>'],
  ['boxlite kill --signal=SIGHU', '<kill><--signal=SIGHUP>'],
  ['boxlite ps --filter stat', '<ps><--filter><status=>'],
  ['boxlite ps --filter status=ex', '<ps><--filter><status=exited>'],
  ['boxlite run --env-file=no', '<run><--env-file=notes.env>'],
  ['boxlite run --env-file no', '<run><--env-file><notes.env>'],
  ['boxlite import my', '<import><my rootfs.tar>'],
  ['boxlite help confi', '<help><config>'],
  ['boxlite container sto', '<container><stop>'],
  ['boxlite system inf', '<system><info>'],
  ['boxlite run reg', `<run><${REMOTE}>`],
  ['boxlite run reg.example:5000/te', `<run><${REMOTE}>`],
  ['boxlite run "reg.example:5000/te', `<run><${REMOTE}>`],
  ['boxlite run other/tool:', '<run><other/tool:2>'],
  ['boxlite run localhost/o', '<run><localhost/other/tool:2>'],
  ['boxlite cp notes.env jo', '<cp><notes.env><job:>'],
  ['boxlite cp job:/etc/pa', '<cp><job:/etc/pa>'],
  ['boxlite cp my', '<cp><my rootfs.tar>'],
  ["boxlite rm 'jo", '<rm><job>'],
  ['boxlite ps --filter "ancestor=reg.e', `<ps><--filter><ancestor=${REMOTE}>`],
  ['boxlite run --env-file a:', '<run><--env-file><a:b.env>'],
  ['boxlite run --env-file=a:', '<run><--env-file=a:b.env>'],
  ['boxlite import "my r', '<import><my rootfs.tar>'],
  ['boxlite run --env-file="my r', '<run><--env-file=my rootfs.tar>'],
  ['boxlite import -- -da', '<import><--><-dash.tar>'],
  ['boxlite run --env-file k=', '<run><--env-file><k=v>'],
  ['boxlite run -v it', `<run><-v><it's "5$.env>`],
];

const SHELLS = {
  bash: {
    command: 'bash --noprofile --norc -i',
    prepare: 'set +o history; source <(boxlite-real completion bash)',
  },
  zsh: {
    command: 'zsh -f -i',
    prepare: 'autoload -U compinit; compinit -u -D; source <(boxlite-real completion zsh)',
  },
};

/** What the program is called with after TAB and RETURN. */
async function typedIn(
  { command, prepare }: (typeof SHELLS)['bash'],
  typed: string,
): Promise<string | undefined> {
  const shell = start('script', ['-qec', command, '/dev/null'], { env, cwd: place });
  shell.child.stdin.write(`${prepare.replaceAll('boxlite-real', `'${BOXLITE}'`)}; echo rea''dy\n`);
  await shell.output(/ready/);
  shell.child.stdin.write(`${typed}\t\n`);
  const [, called] = await shell.output(/((?:<[^<>]*>)+)!/);
  shell.child.stdin.end('exit\n');
  await shell.result;
  return called?.replaceAll('\r\n', '\n');
}

describe.each(Object.entries(SHELLS))('%s', (_name, shell) => {
  it.each(CASES)('%s<TAB> is %s', async (typed, called) => {
    expect(await typedIn(shell, typed)).toBe(called);
  });
});

describe('fish', () => {
  it.each(CASES)('%s<TAB> is %s', async (typed, called) => {
    const script = `'${BOXLITE}' completion fish | source; complete -C $argv[1]`;
    const { status, stdout, stderr } = await run('fish', ['--no-config', '-c', script, typed], {
      env,
      cwd: place,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const word = typed.slice(typed.lastIndexOf(' ') + 1);
    const offers = stdout
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0]);
    const wanted = /<([^<>]*)>$/.exec(called)?.[1];
    expect(offers).toEqual(wanted === word ? [] : [wanted]);
  });
});

describe('fish alone', () => {
  it.each([
    ['offers what is in the home', 'complete -C "boxlite load -i ~/no"', '~/notes.env\n'],
    ['says nothing without the program', 'set PATH /none; complete -C "boxlite r"', ''],
  ])('%s', async (_what, then, stdout) => {
    const script = `'${BOXLITE}' completion fish | source; ${then}`;
    const result = await run('fish', ['--no-config', '-c', script], { env, cwd: place });
    expect(result).toEqual({ status: 0, stdout: Buffer.from(stdout), stderr: '' });
  });
});

describe('a name with a line feed', () => {
  it.each(Object.entries(SHELLS))('is a path like any other in %s', async (_name, shell) => {
    expect(await typedIn(shell, 'boxlite run --env-file two')).toBe(
      '<run><--env-file><two\nlines.env>',
    );
  });

  it('is left out by fish, which would take it for two', async () => {
    const script = `'${BOXLITE}' completion fish | source; complete -C 'boxlite load -i two'`;
    const { stdout } = await run('fish', ['--no-config', '-c', script], { env, cwd: place });
    expect(stdout.toString()).toBe('');
  });
});

describe('boxlite __complete', () => {
  it('says nothing of a damaged home, configuration or database, and makes nothing', async () => {
    const home = join(place, 'damaged');
    await mkdir(home);
    await writeFile(join(home, 'boxlite.db'), 'no database');
    await writeFile(join(home, 'config.json'), '{');
    for (const root of [home, join(place, 'missing')])
      expect(await run(BOXLITE, ['__complete', 'rm', ''], { env: { BOXLITE_HOME: root } })).toEqual(
        { status: 0, stdout: Buffer.from(':\n'), stderr: '' },
      );
    expect((await run('ls', [join(place, 'missing')])).status).toBe(2);
  });

  it('answers while another process holds the database', async () => {
    const database = openSqlite(join(env.BOXLITE_HOME ?? '', 'boxlite.db'));
    database.exec('BEGIN EXCLUSIVE');
    try {
      const { stdout } = await run(BOXLITE, ['__complete', 'rm', 'w'], { env });
      expect(stdout.toString()).toBe('web\trunning\n:\n');
    } finally {
      database.exec('ROLLBACK');
      database.close();
    }
  });

  it('leaves --env-file to itself, not to Node', async () => {
    const { status, stderr } = await run(
      BOXLITE,
      ['run', '--env-file', join(place, 'no such file'), TINY],
      { env },
    );
    expect(status).toBe(125);
    expect(stderr).toContain('no such file');
    expect(stderr).toMatch(/^boxlite: /);
  });
});
