import { expect, it } from 'vitest';
import { describeError } from '../../../../src/cli/process/report-error.js';
import { BoxliteError, type BoxliteErrorOptions } from '../../../../src/errors.js';

const shown = (options: BoxliteErrorOptions): string =>
  describeError(new BoxliteError('box-state', 'no', options), false);

it.each<[BoxliteErrorOptions, string]>([
  [
    { hint: 'start it', remedy: { action: 'start', box: 'web' } },
    'start it with `boxlite start web`',
  ],
  [
    { hint: 'stop it, or remove it', remedy: { action: 'remove', box: 'web' } },
    'stop it, or remove it with `boxlite rm -f web`',
  ],
  [
    { hint: 'log in', remedy: { action: 'login', registry: 'lan:5000' } },
    'log in with `boxlite login lan:5000`',
  ],
  [
    { hint: 'leave', remedy: { action: 'disconnect', box: 'web', network: 'app' } },
    'leave with `boxlite network disconnect app web`',
  ],
  [{ remedy: { action: 'setup' } }, 'run `boxlite setup`'],
  [{ hint: 'free some space' }, 'free some space'],
])('an error with %o advises: %s', (options, line) => {
  expect(shown(options)).toBe(`boxlite: no\n${line}\n`);
});

it('a name that a remedy repeats is taken literally', () => {
  expect(shown({ hint: 'stop it', remedy: { action: 'stop', box: '$&BOX' } })).toBe(
    'boxlite: no\nstop it with `boxlite stop $&BOX`\n',
  );
});

it('a remedy cannot act on the terminal', () => {
  const registry = 'evil\x1b[2J\nhint: run this';
  expect(shown({ hint: 'log in', remedy: { action: 'login', registry } })).not.toMatch(
    /\x1b|\n[^\n]+\n[^\n]+\n/,
  );
});
