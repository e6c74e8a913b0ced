/**
 * What scripts read, byte for byte: one file a table or message in ./golden, with the command line it
 * answers first. After a change that is meant: npx vitest run --project unit test/unit/cli/golden.test.ts --update
 */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fakeWorld, runCli } from './fake-world.js';
import { goldenEngine } from './golden-engine.js';

interface Golden {
  readonly argv: string[];
  /** Typed when the command asks. */
  readonly input?: string;
  /** Columns of the terminal that stdout is. */
  readonly columns?: number;
}

const CASES: Readonly<Record<string, Golden>> = {
  'ps-all': { argv: ['ps', '-a'] },
  'ps-running': { argv: ['ps'] },
  'ps-size': { argv: ['ps', '-s', '-n', '2'] },
  'ps-no-trunc': { argv: ['ps', '-a', '--no-trunc'] },
  'ps-published': { argv: ['ps', '-f', 'publish=8080', '--format', '{{.Names}}: {{.Ports}}'] },
  'ps-quiet': { argv: ['ps', '-aq'] },
  'ps-json': { argv: ['ps', '-a', '--format', 'json', '-f', 'name=minute', '-f', 'name=ended'] },
  'ps-table-template': {
    argv: ['ps', '--format', 'table {{.Names}}\\t{{.Label "app"}}\\t{{.State}}'],
  },
  'ps-template': {
    argv: [
      'ps',
      '-a',
      '--format',
      '{{json .Names}} {{upper .State}} {{if .Labels}}{{.Labels}}{{else}}-{{end}}',
    ],
  },
  'ps-40-columns': { argv: ['ps', '-a'], columns: 40 },
  'ps-200-columns': { argv: ['ps', '-a'], columns: 200 },
  'ps-unknown-filter': { argv: ['ps', '-f', 'color=red'] },
  'ps-bad-status': { argv: ['ps', '-f', 'status=asleep'] },
  'ps-malformed-template': { argv: ['ps', '--format', '{{.Names'] },
  'ps-unknown-field': { argv: ['ps', '--format', '{{.Nmaes}}'] },
  images: { argv: ['images'] },
  'images-digests': { argv: ['images', '--digests', '--no-trunc'] },
  'images-json': { argv: ['image', 'ls', '--format', 'json'] },
  'images-quiet': { argv: ['images', '-q'] },
  'images-40-columns': { argv: ['images'], columns: 40 },
  'image-inspect': { argv: ['image', 'inspect', 'alpine'] },
  'image-inspect-missing': { argv: ['image', 'inspect', 'nobody'] },
  history: { argv: ['history', 'alpine'] },
  'history-plain': { argv: ['history', '-H=false', '--no-trunc', 'alpine'] },
  'history-json': { argv: ['history', '--format', 'json', 'alpine'] },
  'system-df': { argv: ['system', 'df'] },
  'system-df-verbose': { argv: ['system', 'df', '-v'] },
  'system-df-json': { argv: ['system', 'df', '--format', 'json'] },
  'container-prune-no': { argv: ['container', 'prune'], input: 'n\n' },
  'container-prune-yes': { argv: ['container', 'prune'], input: 'y\n' },
  'image-prune-yes': { argv: ['image', 'prune'], input: 'y\n' },
  'system-prune-all': { argv: ['system', 'prune', '-a'], input: 'y\n' },
  diff: { argv: ['diff', 'now'] },
  commit: { argv: ['container', 'commit', 'now', 'web:1'] },
  port: { argv: ['port', 'server'] },
  'port-none': { argv: ['port', 'now'] },
  'port-one': { argv: ['port', 'server', '80'] },
  'port-udp': { argv: ['port', 'server', '53/udp'] },
  'port-invalid': { argv: ['port', 'server', 'http'] },
  'port-unpublished': { argv: ['port', 'server', '53'] },
  'rename-empty': { argv: ['rename', 'now', ''] },
  'rename-same': { argv: ['rename', 'now', 'now'] },
  'attach-stopped': { argv: ['attach', 'ended'] },
  top: { argv: ['top', 'now'] },
  'top-aux': { argv: ['top', 'now', 'aux'] },
  'top-columns': { argv: ['top', 'now', '-eo', 'pid,user,rss,args', '--sort=-rss'] },
  'top-40-columns': { argv: ['top', 'now', 'aux'], columns: 40 },
  'top-200-columns': { argv: ['top', 'now'], columns: 200 },
  'top-without-pid': { argv: ['top', 'now', '-o', 'user,args'] },
  'top-unknown-option': { argv: ['top', 'now', '-eT'] },
  'network-ls': { argv: ['network', 'ls'] },
  'network-ls-json': { argv: ['network', 'ls', '--no-trunc', '--format', 'json'] },
  'network-ls-quiet': { argv: ['network', 'ls', '-q'] },
  'network-ls-raw': { argv: ['network', 'ls', '--format', 'raw', '-f', 'name=app'] },
  'network-inspect': { argv: ['network', 'inspect', 'app', 'none'] },
  'network-inspect-missing': { argv: ['network', 'inspect', 'nobody'] },
  'network-prune-no': { argv: ['network', 'prune'], input: 'n\n' },
  'network-prune-yes': { argv: ['network', 'prune'], input: 'y\n' },
  'volume-create': { argv: ['volume', 'create', '--label', 'team=a', 'data'] },
  'volume-create-twice-named': { argv: ['volume', 'create', '--name', 'a1', 'data'] },
  'volume-create-driver': { argv: ['volume', 'create', '-d', 'nfs', 'data'] },
  'volume-ls': { argv: ['volume', 'ls'] },
  'volume-ls-json': { argv: ['volume', 'ls', '--format', 'json'] },
  'volume-ls-quiet': { argv: ['volume', 'ls', '-q', '-f', 'dangling=true'] },
  'volume-ls-raw': { argv: ['volume', 'list', '--format', 'raw', '-f', 'name=data'] },
  'volume-ls-template': {
    argv: [
      'volume',
      'ls',
      '-f',
      'label=team=a',
      '--format',
      'table {{.Name}}\\t{{.Scope}}\\t{{.Mountpoint}}\\t{{.Label "team"}}\\t{{.Links}}\\t{{.Size}}',
    ],
  },
  'volume-ls-bad-filter': { argv: ['volume', 'ls', '-f', 'color=red'] },
  'volume-inspect': { argv: ['volume', 'inspect', 'data', 'e3'.repeat(32)] },
  'volume-inspect-missing': { argv: ['volume', 'inspect', 'nobody'] },
  'volume-inspect-template': {
    argv: ['volume', 'inspect', '-f', '{{.Name}} {{.Options.type}} {{.Labels.team}}', 'data'],
  },
  'volume-rm': { argv: ['volume', 'rm', 'data', 'nobody'] },
  'volume-rm-force': { argv: ['volume', 'rm', '-f', 'nobody'] },
  'volume-prune-no': { argv: ['volume', 'prune'], input: 'n\n' },
  'volume-prune-yes': { argv: ['volume', 'prune', '-a'], input: 'y\n' },
  'volume-prune-until': { argv: ['volume', 'prune', '-f', '--filter', 'until=24h'] },
  'inspect-volume': { argv: ['inspect', '--type', 'volume', 'data'] },
  'system-prune-volumes': { argv: ['system', 'prune', '--volumes'], input: 'y\n' },
  wait: { argv: ['wait', 'ended', 'fine'] },
  'no-such-box': { argv: ['wait', 'nobox', 'ended', 'nobox'] },
  'inspect-missing': { argv: ['inspect', 'nobox'] },
  'rm-missing': { argv: ['rm', 'nobox'] },
  'rm-missing-force': { argv: ['rm', '-f', 'nobox'] },
  'run-help': { argv: ['run', '--help'] },
  'run-help-40-columns': { argv: ['run', '--help'], columns: 40 },
  'run-help-200-columns': { argv: ['run', '--help'], columns: 200 },
  'unknown-command': { argv: ['container', 'strat', 'x'] },
  'unknown-flag': { argv: ['ps', '--al'] },
  'missing-argument': { argv: ['rename', 'x'] },
};

describe('golden', () => {
  it.each(Object.entries(CASES))('%s', async (name, { argv, input, columns }) => {
    const world = fakeWorld({ NO_COLOR: '1' });
    if (columns !== undefined) Object.assign(world.stdout, { isTTY: true, columns, rows: 24 });
    if (input !== undefined) world.stdin.end(input);
    const { status, stdout, stderr } = await runCli(argv, goldenEngine, world);
    const line = argv.map((word) => (/^[\w./=:-]+$/.test(word) ? word : `'${word}'`)).join(' ');
    const text = `$ boxlite ${line}\n${stdout}--- stderr, status ${status}\n${stderr}`;
    await expect(text).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it('has no file that nothing is held against', () => {
    const files = readdirSync(new URL('golden', import.meta.url));
    expect(files.sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});
