import { describe, expect, it } from 'vitest';
import { findCommand } from '../../../src/cli/commands/find-command.js';
import { COMMANDS } from '../../../src/cli/commands/index.js';
import { answer } from '../../../src/cli/completion/answer.js';
import { complete } from '../../../src/cli/completion/complete.js';
import type { Names } from '../../../src/cli/completion/offers.js';
import { SCRIPTS, SHELLS } from '../../../src/cli/completion/scripts.js';
import { runCli } from './fake-world.js';

const NAMES: Names = {
  boxes: [
    { id: '01kaz3v5h8w2q6n9r4t7y1m0dx', name: 'web', running: true },
    { id: '01kaz3v5h8w2q6n9r4t7y1m0dy', name: 'job', running: false },
  ],
  images: ['docker.io/library/alpine:latest', 'ghcr.io/me/app:2', 'localhost/tiny:latest'],
  networks: ['app'],
  volumes: ['data', 'db'],
};

/** @param line what is typed behind `boxlite `; the word at the cursor is its last */
async function offered(line: string) {
  const words = line.split(' ');
  const homes: (string | undefined)[] = [];
  const found = await complete(
    { words: words.slice(0, -1), word: words.at(-1) ?? '', environment: {} },
    (home) => {
      homes.push(home);
      return Promise.resolve(NAMES);
    },
  );
  return { ...found, texts: found.offers.map(({ text }) => text), homes };
}

describe('offers', () => {
  it.each([
    ['sto', ['stop']],
    ['image pru', ['prune']],
    ['config s', ['set']],
    ['config set mem', ['memory']],
    ['config set network n', ['none']],
    ['help sto', ['stop']],
    ['--accel ', ['auto', 'kvm', 'tcg']],
    ['--home /x ru', ['run']],
    ['run --net', ['--network', '--network-alias', '--net-rx', '--net-tx']],
    ['run --network n', ['none']],
    ['run --network ', ['default', 'none', 'public', 'internal', 'app']],
    [
      'network ',
      [
        ...['create', 'ls', 'list', 'inspect', 'connect', 'disconnect', 'rm', 'remove', 'prune'],
        ...['policy', 'log'],
      ],
    ],
    ['network rm ', ['app']],
    ['volume rm d', ['data', 'db']],
    ['volume rm data ', ['db']],
    ['run -v da', ['data:']],
    ['ps -f volume=db', ['volume=db']],
    ['network connect app w', ['web']],
    ['ps -f network=a', ['network=app']],
    ['run --rm=', ['true', 'false']],
    ['run --rm --re', ['--registry', '--read-only', '--restart']],
    ['run -it --env A=1 --env', ['--env', '--env-file']],
    ['run ', ['alpine', 'ghcr.io/me/app:2', 'tiny']],
    ['run -d --name x al', ['alpine']],
    ['run alpine --r', []],
    ['run alpine ', []],
    ['exec ', ['web']],
    ['exec -itu root ', ['web']],
    ['start ', ['web', 'job']],
    ['start web ', ['job']],
    ['rm 01kaz3v5h8w2q6n9r4t7y1m0dy', ['01kaz3v5h8w2q6n9r4t7y1m0dy']],
    ['inspect t', ['tiny']],
    ['inspect d', ['data', 'db']],
    ['kill -s HU', ['HUP']],
    ['kill --signal=SIGHU', ['SIGHUP']],
    ['ps --filter stat', ['status=']],
    ['ps -f status=ex', ['status=exited']],
    ['ps --filter=health=un', ['health=unhealthy']],
    ['ps --filter before=j', ['before=job']],
    ['image prune --filter dangling=t', ['dangling=true']],
    ['completion z', ['zsh']],
    ['container st', ['stop', 'start', 'stats']],
    ['box st', ['stop', 'start', 'stats']],
    ['container comm', ['commit']],
    ['container stop ', ['web']],
    ['system i', ['info']],
    ['run loc', ['localhost/tiny']],
    ['run localhost/t', ['localhost/tiny']],
    ['cp j', ['job:']],
    ['cp x w', ['web:']],
    ['cp web:/etc/pa', []],
    ['bogus ', []],
    ['ps ', []],
  ])('%s|', async (line, texts) => {
    expect((await offered(line)).texts).toEqual(texts);
  });

  it.each([
    ['import ', 'file', ''],
    ['run --env-file ', 'file', ''],
    ['run --env-file=x', 'file', '--env-file='],
    ['ps ', undefined, ''],
  ])('%s| leaves paths to the shell', async (line, paths, prefix) => {
    const found = await offered(line);
    expect([found.paths, found.prefix]).toEqual([paths, prefix]);
  });

  it.each(['container', 'box', 'image', 'system', 'config'])(
    'every verb of %s, and nothing that is none',
    async (group) => {
      const { texts } = await offered(`${group} `);
      const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
      const last = names.map((name) => name.split(' ').at(-1) ?? '');
      const verbs = new Set(last.filter((verb) => findCommand([group, verb])?.rest.length === 0));
      expect([...texts].sort()).toEqual([...verbs].sort());
    },
  );

  it('no verb or flag that is hidden', async () => {
    expect((await offered('__')).texts).toEqual([]);
    expect((await offered('stop --tim')).texts).toEqual(['--timeout']);
  });

  it('asks for names where one may stand, and in the home that the line names', async () => {
    expect((await offered('ps -')).homes).toEqual([]);
    expect((await offered('--home /x rm ')).homes).toEqual(['/x']);
    expect((await offered('--home=/y rm ')).homes).toEqual(['/y']);
    expect((await offered('rm --home /z ')).homes).toEqual(['/z']);
  });
});

describe('the answer to a shell', () => {
  it('is a line for each offer, and how to go on', async () => {
    const text = await answer(['run', '--network', ''], {});
    expect(text).toBe('default\t\nnone\t\npublic\t\ninternal\t\n:\n');
    expect(await answer(['ps', '--filter', 'stat'], {})).toBe('status=\t\n:open\n');
    expect(await answer(['run', '--env-file=x'], {})).toBe(':file\n');
  });

  it('is empty where the home is missing, and for nonsense', async () => {
    expect(await answer(['rm', ''], { BOXLITE_HOME: '/nonexistent/home' })).toBe(':\n');
    expect(await answer([], {})).toMatch(/^run\t/);
    expect(await answer(['--', '--', '-', '\0'], {})).toBe(':\n');
  });
});

describe('completion', () => {
  it.each(SHELLS)('prints the script of %s', async (shell) => {
    expect(await runCli(['completion', shell])).toEqual({
      status: 0,
      stdout: SCRIPTS[shell],
      stderr: '',
    });
  });

  it('names the shells it knows', async () => {
    expect(await runCli(['completion', 'fsh'])).toEqual({
      status: 1,
      stdout: '',
      stderr:
        "boxlite: there is no completion for 'fsh', only for bash, zsh, fish\n" +
        "Did you mean 'zsh'? See 'boxlite completion --help'.\n",
    });
  });
});
