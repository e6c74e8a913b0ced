import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { Home } from '../../src/home.js';
import { openSqlite } from '../../src/store/sqlite.js';
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
  await writeFile(join(place, 'my rootfs.tar'), '');
  env = {
    HOME: place,
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    BOXLITE_HOME: home.root,
    TERM: 'dumb',
    LANG: 'C.UTF-8',
  };
});
afterAll(() => rm(place, { recursive: true }));

/** What is typed, TAB, RETURN; and what the program is then called with. */
const CASES: [typed: string, called: string][] = [
  ['boxlite sto', '<stop>'],
  ['boxlite image pru', '<image><prune>'],
  ['boxlite run --netw', '<run><--network>'],
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

describe.each(Object.entries(SHELLS))('%s', (_name, { command, prepare }) => {
  it.each(CASES)('%s<TAB> is %s', async (typed, called) => {
    const shell = start('script', ['-qec', command, '/dev/null'], { env, cwd: place });
    shell.child.stdin.write(
      `${prepare.replaceAll('boxlite-real', `'${BOXLITE}'`)}; echo rea''dy\n`,
    );
    await shell.output(/ready/);
    shell.child.stdin.write(`${typed}\t\n`);
    const [, arguments_] = await shell.output(/((?:<[^<>\n]*>)+)!/);
    shell.child.stdin.end('exit\n');
    await shell.result;
    expect(arguments_).toBe(called);
  });
});

describe('fish', () => {
  it.each(CASES)('%s<TAB> is %s', async (typed, called) => {
    const script = `'${BOXLITE}' completion fish | source; complete -C '${typed}'`;
    const { status, stdout, stderr } = await run('fish', ['--no-config', '-c', script], {
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
