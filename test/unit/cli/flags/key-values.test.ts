import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readEnvironment, readLabels, splitPair } from '../../../../src/cli/flags/key-values.js';

const directory = mkdtempSync(join(tmpdir(), 'boxlite-env-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(text: string | Buffer): string {
  const path = join(directory, 'env');
  writeFileSync(path, text);
  return path;
}

describe('readEnvironment', () => {
  const unset: string[] = [];
  const read = (files: string[], values: string[]): string[] =>
    readEnvironment(files, values, { HOME: '/root', EMPTY: '' }, (name) => unset.push(name));

  it('keeps K=V, and takes K from the caller', () => {
    const values = ['A=1', 'B=', 'C=x=y', 'HOME', 'EMPTY'];
    expect(read([], values)).toEqual(['A=1', 'B=', 'C=x=y', 'HOME=/root', 'EMPTY=']);
  });

  it('leaves a flag that is unset bare, before all that is set, and tells of a line that is', () => {
    expect(read([file('A=1\nLINE\n')], ['B=2', 'MISSING', 'A'])).toEqual([
      ...['MISSING', 'A'],
      ...['A=1', 'B=2'],
    ]);
    expect(unset).toEqual(['LINE']);
  });

  it('reads files before the flags, without a thought for quotes', () => {
    const text = '\uFEFF# comment\n\n  A="quoted"\r\nHOME\n#B=2\nC= spaced \n';
    expect(read([file(text)], ['A=1'])).toEqual(['A="quoted"', 'HOME=/root', 'C= spaced ', 'A=1']);
  });

  it.each([
    ['a name with a blank', 'A B=1\n', "variable 'A B' contains whitespaces"],
    ['no name', '=1\n', 'no variable name in "=1"'],
  ])('refuses a file with %s, naming the line', (_what, text, message) => {
    expect(() => read([file(text)], [])).toThrow(message);
    expect(() => read([file(text)], [])).toThrow(`${directory}/env:1`);
  });

  it('refuses a line that is not UTF-8, by its number, also in a file of labels', () => {
    const latin1 = Buffer.from('A=1\nB=caf\xe9\n', 'latin1');
    const message = `invalid UTF-8 in line 2 of ${directory}/env`;
    expect(() => read([file(latin1)], [])).toThrow(message);
    expect(() => readLabels([file(latin1)], [])).toThrow(message);
    expect(read([file('A=\u00e9\u2028\ud83d\ude00\n')], [])).toEqual([
      'A=\u00e9\u2028\ud83d\ude00',
    ]);
  });

  it('refuses a flag without a name, and a file that is not there', () => {
    expect(() => read([], ['=x'])).toThrow('invalid environment variable: "=x"');
    expect(() => read(['/no/such/file'], [])).toThrow('/no/such/file');
  });
});

describe('readLabels', () => {
  it('lets the last of a key win, flags after files', () => {
    expect(readLabels([file('a=1\nb=2\n')], ['b=3', 'bare', 'c=x=y'])).toEqual({
      a: '1',
      b: '3',
      bare: '',
      c: 'x=y',
    });
  });
  it('refuses a label without a key', () => {
    expect(() => readLabels([], ['=v'])).toThrow('invalid label: "=v"');
  });
});

it('splitPair splits at the first sign', () => {
  expect([splitPair('a=b=c'), splitPair('a')]).toEqual([
    ['a', 'b=c'],
    ['a', ''],
  ]);
});
