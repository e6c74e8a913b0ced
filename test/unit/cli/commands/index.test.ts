import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findCommand } from '../../../../src/cli/commands/find-command.js';
import { COMMANDS } from '../../../../src/cli/commands/index.js';
import { indexSource } from '../../../../src/cli/commands/index-source.js';
import { VERSION } from '../../../../src/cli/help/version.js';

describe.each(COMMANDS)('$name', (entry) => {
  it('has options and arguments that can be told apart', async () => {
    const { args, options } = await entry.load();
    const shorts = Object.values(options).flatMap(({ short }) => short ?? []);
    expect(new Set(shorts).size).toBe(shorts.length);
    expect(args.slice(0, -1).some(({ variadic }) => variadic === true)).toBe(false);
    for (const name of Object.keys(options)) expect(name).toMatch(/^[a-z]+\d?(-[a-z]+)*$/);
  });
});

it.each([
  ['a module that the order lacks', { 'boxes/new': {} }, 'order.ts lacks boxes/new'],
  ['an empty module', { 'boxes/run': {} }, 'commands/boxes/run.ts exports 0 commands, not one'],
  [
    'a module of two commands',
    { 'boxes/run': { a: { run: 1, summary: '' }, b: { run: 1, summary: '' } } },
    'commands/boxes/run.ts exports 2 commands, not one',
  ],
])('the index is not written for %s', (_what, modules, message) => {
  expect(() => indexSource(modules)).toThrow(message);
});

it('no name stands for two commands', () => {
  const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});

it.each([
  [['ps', '-a'], 'ps', ['-a']],
  [['ls'], 'ps', []],
  [['image', 'ls', '-q'], 'images', ['-q']],
  [['image', 'inspect', 'x'], 'image inspect', ['x']],
  [['images', 'ls'], 'images', ['ls']],
])('%j is %s', (words, name, rest) => {
  const found = findCommand(words);
  expect([found?.entry.name, found?.rest]).toEqual([name, rest]);
});

it('the version is the package’s', () => {
  const manifest = JSON.parse(
    readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  expect(VERSION).toBe(manifest.version);
});
