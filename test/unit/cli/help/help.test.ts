import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../../src/cli/commands/index.js';
import { optionBlocks } from '../../../../src/cli/man/command-page.js';
import { wrapText } from '../../../../src/cli/output/terminal/wrap.js';
import { optionGroups } from '../../../../src/cli/parse/option-groups.js';
import { REFUSED_FLAGS } from '../../../../src/cli/parse/refused-flags.js';
import { fakeWorld, runCli } from '../fake-world.js';

const ESCAPE = /\x1b\[[0-9;]*m/g;

async function onTerminal(
  argv: readonly string[],
  columns: number,
  environment: Record<string, string> = {},
): Promise<string> {
  const world = fakeWorld(environment);
  world.stdout.isTTY = true;
  world.stdout.columns = columns;
  return (await runCli(argv, {}, world)).stdout;
}

const verbs = COMMANDS.filter(({ hidden }) => hidden !== true).map(({ name }) => name.split(' '));

describe.each([40, 80, 200])('help on %i columns', (columns) => {
  it.each([[[]], ...verbs.map((words) => [words])])('%j fits', async (words) => {
    const text = (await onTerminal([...words, '--help'], columns)).replaceAll(ESCAPE, '');
    const { examples } = words.length === 0 ? { examples: [] } : await definition(words.join(' '));
    // What can be copied is never broken, nor is a word.
    const whole = new Set(examples.map(({ command }) => `  ${command}`));
    const tooLong = text
      .split('\n')
      .filter((line) => line.length > columns && !whole.has(line) && line.trim().includes(' '));
    expect(tooLong).toEqual([]);
  });
});

function definition(name: string) {
  const entry = COMMANDS.find((each) => each.name === name);
  if (entry === undefined) throw new Error(name);
  return entry.load();
}

describe('colours', () => {
  it('are there on a terminal', async () => {
    expect(await onTerminal(['ps', '--help'], 80)).toMatch(ESCAPE);
  });

  it.each([
    [['ps', '--help', '--no-color'], {}],
    [['--no-color', 'help', 'ps'], {}],
    [['--no-color'], {}],
    [['ps', '--help'], { NO_COLOR: '1' }],
    [['ps', '--help'], { TERM: 'dumb' }],
  ])('%j %j has none', async (argv, environment) => {
    const text = await onTerminal(argv, 80, environment);
    expect(text).toContain('Usage:');
    expect(text).not.toMatch(ESCAPE);
  });

  it('are not there without a terminal', async () => {
    expect((await runCli(['ps', '--help'])).stdout).not.toMatch(ESCAPE);
  });
});

describe('the overview', () => {
  it('groups all verbs, those of two words too', async () => {
    const { stdout } = await runCli(['--help']);
    expect(stdout).toMatch(/^Boxes:\n {2}run {2}/m);
    expect(stdout).toMatch(/^Images:\n/m);
    expect(stdout).toMatch(/^System:\n/m);
    for (const { name, summary, hidden } of COMMANDS)
      expect(new RegExp(`^  ${name} +${summary}$`, 'm').test(stdout)).toBe(hidden !== true);
  });

  it('of each group says what the group is for', async () => {
    const first = COMMANDS.map(({ name }) => name.split(' ')[0] ?? '');
    const groups: string[] = [];
    for (const word of new Set([...first, 'box', 'container'])) {
      const { stdout } = await runCli([word, '--help']);
      if (!stdout.startsWith(`Usage:  boxlite ${word} COMMAND\n`)) continue;
      expect(stdout).toMatch(/COMMAND\n\nManage /);
      groups.push(word);
    }
    expect(groups.sort()).toEqual(['box', 'container', 'image', 'network', 'system', 'volume']);
  });

  it('shows what follows a verb that is a group as well', async () => {
    expect((await runCli(['help', 'config', 'set'])).stdout).toContain('boxlite config set');
  });
});

describe('the options of a command', () => {
  /** More of them in one heap, and nobody finds what he looks for. */
  const MOST_IN_A_HEAP = 12;

  it('stand under headings, in the order of the definition, where there are many', async () => {
    const { stdout } = await runCli(['run', '--help']);
    expect(stdout.match(/^.*options:$/gm)).toEqual([
      'General options:',
      'Image options:',
      'Command and terminal options:',
      'Processor options:',
      'Resource options:',
      'Kernel options:',
      'Storage options:',
      'Network options:',
      'Name resolution options:',
      'Network policy options:',
      'Security options:',
      'Lifecycle options:',
      'Logging options:',
      'Healthcheck options:',
    ]);
    expect(stdout).toMatch(/^General options:\n( .*\n)* {2}-d, --detach /m);
    expect(stdout).toMatch(/^Resource options:\n( .*\n)* {2}-m, --memory SIZE /m);
  });

  it('stand under one alone where there are few', async () => {
    expect((await runCli(['stop', '--help'])).stdout).toMatch(/^Options:\n {2}-s, --signal /m);
  });

  it.each(verbs.map((words) => [words]))('of %j are easy to find', async (words) => {
    const groups = optionGroups((await definition(words.join(' '))).options);
    for (const { options } of groups) expect(options.length).toBeLessThanOrEqual(MOST_IN_A_HEAP);
    if (groups.length > 1) expect(groups.map(({ heading }) => heading)).not.toContain(undefined);
  });

  it('lack what is refused', async () => {
    const { stdout } = await runCli(['create', '--help']);
    for (const name of Object.keys(REFUSED_FLAGS)) expect(stdout).not.toContain(` --${name} `);
  });

  it('stand under the same headings in the manual', async () => {
    const { options } = await definition('create');
    const headings = optionBlocks(options).flatMap((block) =>
      block.kind === 'heading' ? [block.text] : [],
    );
    const { stdout } = await runCli(['create', '--help']);
    expect(headings.map((heading) => `${heading}:`)).toEqual(stdout.match(/^.*options:$/gm));
  });
});

describe('wrapText', () => {
  it.each([
    ['a b c', 3, ['a b', 'c']],
    ['one\ntwo', 20, ['one two']],
    ['one\n\ntwo', 20, ['one', '', 'two']],
    ['list:\n  a long line\n  b', 8, ['list:', '  a long', '  line', '  b']],
    ['unbreakable', 4, ['unbreakable']],
    ['', 4, ['']],
  ])('%j in %i', (text, width, lines) => {
    expect(wrapText(text, width)).toEqual(lines);
  });
});
