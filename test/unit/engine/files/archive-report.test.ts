import { expect, test } from 'vitest';
import { ReportReader } from '../../../../src/engine/files/archive-report.js';

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

test.each([
  '',
  '=\n',
  '=x y\n',
  '=1e999 1\n',
  '=1e3 1\n',
  '=-5 1\n',
  '=0x10 1\n',
  '=NaN 1\n',
  '=18446744073709551616 1\n',
  'noise\n',
])('%j has none', (text) => {
  expect(read(text)).toMatchObject({ bytes: 0, entries: 0, message: '' });
});

test('a report without end is cut, and so are its warnings and its reason', () => {
  const { message, warnings } = read(
    `-${'x'.repeat(5_000)}\n${'!again\n'.repeat(20_000)}=1 1\n`,
    1,
  );
  expect(message).toHaveLength(1_024);
  expect(warnings).toHaveLength(32);
});
