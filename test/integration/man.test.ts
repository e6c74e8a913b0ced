import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.js';
import { CONFIG_KEYS, variableOf } from '../../src/cli/config/keys.js';
import type { ConfigKey } from '../../src/cli/config/settings.js';
import { run } from '../helpers/cli.js';

const MAN = join(import.meta.dirname, '../../man');
const env = { LANG: 'C.UTF-8', MANWIDTH: '100' };

const shown = new Map<string, Promise<string>>();

/** As a person reads it, by the host's own `man`, without bold and underlined letters. */
function read(page: string): Promise<string> {
  const text = shown.get(page) ?? show(page);
  shown.set(page, text);
  return text;
}

async function show(page: string): Promise<string> {
  const command = 'man --warnings=w -l "$0" | col -bx';
  const { status, stdout, stderr } = await run(
    'bash',
    ['--norc', '-o', 'pipefail', '-c', command, page],
    {
      env,
      cwd: MAN,
    },
  );
  expect({ page, status, stderr }).toEqual({ page, status: 0, stderr: '' });
  return stdout.toString();
}

const commands = COMMANDS.filter(({ hidden }) => hidden !== true);

describe.each(readdirSync(MAN))('%s', (page) => {
  it('is shown by man without a warning, and nothing in it is left unread', async () => {
    const text = await read(page);
    const name = page.replace(/\.\d$/, '');
    expect(text).toMatch(new RegExp(`^NAME\\n +${name} - \\w`, 'm'));
    expect(text).toMatch(/^SEE ALSO$/m);
    expect(text).not.toMatch(/\\f|\\\(|^\.[A-Z]/m);
  });

  it('is well formed', async () => {
    const { stdout } = await run('mandoc', ['-T', 'lint', '-W', 'warning', page], { cwd: MAN });
    expect(stdout.toString()).toBe('');
  });
});

describe.each(commands)('the page of $name', ({ name, aliases, load }) => {
  it('has every option, argument and example as they are typed', async () => {
    const { options, args, examples } = await load();
    const text = await read(`boxlite-${name.replaceAll(' ', '-')}.1`);
    for (const [option, { hidden, short, placeholder }] of Object.entries(options)) {
      if (hidden === true) continue;
      const value = placeholder === undefined ? '' : ` ${placeholder}`;
      expect(text).toContain(`${short === undefined ? '' : `-${short}, `}--${option}${value}`);
    }
    for (const argument of args) expect(text).toContain(argument.name);
    for (const { command } of examples) expect(text).toContain(command);
    for (const alias of aliases) expect(text).toContain(`boxlite ${alias} `);
  });
});

it('boxlite(1) names every command', async () => {
  const text = await read('boxlite.1');
  for (const { name, summary } of commands) {
    expect(text).toContain(`boxlite-${name.replaceAll(' ', '-')}(1)`);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(`${summary}.`);
  }
});

it('boxlite-config(5) has every key with its variable', async () => {
  const text = (await read('boxlite-config.5')).replaceAll(/\s+/g, ' ');
  for (const [key, { example }] of Object.entries(CONFIG_KEYS)) {
    const variable = variableOf(key as ConfigKey);
    expect(text).toContain(`${key} (`);
    expect(text).toContain(`Example: ${example}`);
    if (variable !== undefined) expect(text).toContain(`Environment: ${variable}.`);
  }
});

it('npm is told of every page', () => {
  const { man } = JSON.parse(readFileSync(join(MAN, '../package.json'), 'utf8')) as {
    man: string[];
  };
  expect(man).toEqual(
    readdirSync(MAN)
      .sort()
      .map((page) => `./man/${page}`),
  );
});
