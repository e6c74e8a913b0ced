import { describe, expect, it } from 'vitest';
import { TemplateError } from '../../../../src/cli/output/template-error.js';
import { exitStatusOf } from '../../../../src/cli/process/exit-status.js';
import { Interrupted } from '../../../../src/cli/process/interrupted.js';
import { describeError } from '../../../../src/cli/process/report-error.js';
import { TargetFailures } from '../../../../src/cli/process/targets.js';
import { BoxliteError, type ErrorCode } from '../../../../src/errors.js';

describe('exitStatusOf', () => {
  it.each<[ErrorCode, number, number]>([
    ['exec-not-found', 127, 1],
    ['exec-not-invocable', 126, 1],
    ['exec-failed', 125, 1],
    ['box-not-found', 125, 1],
    ['invalid-argument', 125, 1],
    ['boot-failed', 125, 1],
    ['image-not-found', 125, 1],
  ])('%s is %i for a verb that runs a command and %i for others', (code, running, other) => {
    const error = new BoxliteError(code, 'x');
    expect([exitStatusOf(error, 125), exitStatusOf(error, 1)]).toEqual([running, other]);
  });

  it('is 64 for a template, 1 for several targets, 128+n for a signal', () => {
    expect(exitStatusOf(new TemplateError('x'), 1)).toBe(64);
    expect(exitStatusOf(new TargetFailures([new BoxliteError('box-not-found', 'x')]), 125)).toBe(1);
    expect(exitStatusOf(new Interrupted('SIGTERM'), 125)).toBe(143);
  });

  it('is the verb’s own for a bug', () => {
    expect([exitStatusOf(new TypeError('x'), 125), exitStatusOf('text', undefined)]).toEqual([
      125, 1,
    ]);
  });
});

describe('describeError', () => {
  it('prints the message, and the hint below it', () => {
    const error = new BoxliteError('box-running', 'box web is running', { hint: 'use rm -f' });
    expect(describeError(error, false)).toBe('boxlite: box web is running\nuse rm -f\n');
  });
  it('shows what others have written, and does not let it act or pass for a hint', () => {
    const hostile = '\u001b]0;t\u0007\u009b2J\u202e\r\b\nrun this';
    const cause = new Error(hostile);
    const error = new BoxliteError('registry-protocol', hostile, { hint: hostile, cause });
    const shown = '\\x1b]0;t\\x07\\u009b2J\\u202e\\x0d\\x08';
    expect(describeError(error, false)).toBe(
      `boxlite: ${shown}\n  run this\n${shown}\\x0arun this\n`,
    );
    for (const text of [describeError(error, true), describeError(cause, true)]) {
      expect(text).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
      expect(text).not.toMatch(/^run this/m);
    }
  });
  it('prints each of several failures', () => {
    const errors = ['a', 'b'].map(
      (name) => new BoxliteError('box-not-found', `No such box: ${name}`),
    );
    expect(describeError(new TargetFailures(errors), false)).toBe(
      'boxlite: No such box: a\nboxlite: No such box: b\n',
    );
  });
  it('says that anything else is a bug, with its stack only for who asks', () => {
    const text = describeError(new TypeError('x is not a function'), false);
    expect(text).toBe(
      'boxlite: this is a bug in BoxLite: TypeError: x is not a function\n' +
        'Run it again with BOXLITE_DEBUG=1 to see where.\n',
    );
    expect(describeError(new TypeError('x'), true)).toContain('exit-status.test.ts');
  });
  it('shows the causes to who debugs', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new BoxliteError('registry-unreachable', 'no answer', { cause });
    expect(describeError(error, true)).toMatch(
      /^boxlite: no answer\n[^]*caused by Error: ECONNREFUSED/,
    );
  });
  it('has nothing to say about a signal', () => {
    expect(describeError(new Interrupted('SIGINT'), false)).toBe('');
  });
});
