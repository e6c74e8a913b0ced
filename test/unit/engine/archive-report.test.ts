import { expect, test } from 'vitest';
import { ReportReader } from '../../../src/engine/archive-report.js';

function read(text: string, exit = 0) {
  const warnings: string[] = [];
  const reader = new ReportReader((warning) => warnings.push(warning));
  for (const byte of Buffer.from(text)) reader.push(Buffer.of(byte));
  return { ...reader.end(exit), warnings };
}

test('a good end has its totals', () => {
  expect(read('!one\n!two\n=12 3\n')).toEqual({
    exit: 0,
    message: '',
    bytes: 12,
    entries: 3,
    warnings: ['one', 'two'],
  });
});

test('a bad end has its reason, and the bytes of a terminal are not in it', () => {
  expect(read('-/x\u001b[2J\u0085\u202e\n', 3)).toMatchObject({ exit: 3, message: '/x?[2J??' });
});

test.each(['', '=\n', '=x y\n', '=1e999 1\n', 'noise\n'])('%j has none', (text) => {
  expect(read(text)).toMatchObject({ bytes: 0, entries: 0, message: '' });
});
