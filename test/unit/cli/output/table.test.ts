import { expect, test } from 'vitest';
import { renderTable } from '../../../../src/cli/output/table.js';

const COLUMNS = ['REPOSITORY', 'TAG', 'IMAGE ID', 'SIZE'];
const ROWS = [
  ['alpine', '3', '0123456789ab', '7.05MB'],
  ['registry.example.org/team/a-long-name', 'latest', 'ba9876543210', '1.2GB'],
];
const PIPE = { isTty: false };

const lines = (table: string) => table.split('\n').slice(0, -1);
const widest = (table: string) => Math.max(...lines(table).map((line) => line.length));

test('columns are as wide as their widest cell and three spaces, at least ten', async () => {
  expect(await renderTable(COLUMNS, ROWS, PIPE)).toBe(
    'REPOSITORY                              TAG       IMAGE ID       SIZE\n' +
      'alpine                                  3         0123456789ab   7.05MB\n' +
      'registry.example.org/team/a-long-name   latest    ba9876543210   1.2GB\n',
  );
});

test('the header stands also without rows', async () => {
  expect(await renderTable(['CONTAINER ID', 'NAMES'], [], PIPE)).toBe('CONTAINER ID   NAMES\n');
});

test('nothing is shortened for a script, whatever the width', async () => {
  expect(await renderTable(COLUMNS, ROWS, { isTty: false, width: 40 })).toContain(ROWS[1]?.[0]);
});

test('a table that fits the terminal is the same as a script sees', async () => {
  expect(await renderTable(COLUMNS, ROWS, { isTty: true, width: 200 })).toBe(
    await renderTable(COLUMNS, ROWS, PIPE),
  );
});

test.each([70, 60, 50, 40])('on %d columns every line fits', async (width) => {
  expect(widest(await renderTable(COLUMNS, ROWS, { isTty: true, width }))).toBeLessThanOrEqual(
    width,
  );
});

test('the widest cells are shortened first', async () => {
  expect(await renderTable(COLUMNS, ROWS, { isTty: true, width: 52 })).toBe(
    'REPOSITORY                TAG    IMAGE ID     SIZE\n' +
      'alpine                    3      0123456789ab 7.05MB\n' +
      'registry.example.org/tea… latest ba9876543210 1.2GB\n',
  );
});

test('all seven columns of ps fit forty', async () => {
  const columns = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'];
  const row = ['01k123456789', 'alpine', '"sleep 1000"', '2 hours ago', 'Up 2 hours', '', 'web'];
  expect(widest(await renderTable(columns, [row], { isTty: true, width: 40 }))).toBeLessThanOrEqual(
    40,
  );
});

test('the name of a box is shortened last, but leaves two thirds to the others', async () => {
  const columns = ['CONTAINER ID', 'COMMAND', 'STATUS', 'NAMES'];
  const row = ['01k123456789', '"sleep 1000"', 'Up About a minute', 'serene_poincare'];
  expect(await renderTable(columns, [row], { isTty: true, width: 45 })).toBe(
    'CONTAINE… COMMAND   STATUS    NAMES\n01k12345… "sleep 1… Up About… serene_poincare\n',
  );
  expect(await renderTable(columns, [row], { isTty: true, width: 30 })).toBe(
    'CONTA… COMMA… STAT… NAMES\n01k12… "slee… Up A… serene_po…\n',
  );
});

test('a terminal narrower than anything readable gets lines too long, not a fault', async () => {
  expect(lines(await renderTable(COLUMNS, ROWS, { isTty: true, width: 1 }))).toHaveLength(3);
});

test('a letter outside the basic plane is one column and is not cut in two', async () => {
  expect(await renderTable(['A', 'B'], [['𝒜𝒜', 'x']], PIPE)).toBe('A         B\n𝒜𝒜        x\n');
  expect(await renderTable(['A'], [['𝒜𝒜𝒜𝒜']], { isTty: true, width: 3 })).toBe('A\n𝒜𝒜…\n');
});

test.each([
  ['an escape sequence that rewrites the screen', '\u001b[2Jx', '\uFFFD[2Jx'],
  ['a line break that forges a row', 'a\nforged', 'a\uFFFDforged'],
  ['an eight-bit escape', '\u009b2J', '\uFFFD2J'],
  ['a direction override that reverses text', 'a\u202Eb', 'a\uFFFDb'],
])('%s is made visible', async (_attack, cell, shown) => {
  expect(await renderTable(['A'], [[cell]], PIPE)).toBe(`A\n${shown}\n`);
});

test('wide characters take two columns, combining marks none', async () => {
  const rows = [
    ['日本', 'x'],
    ['e\u0301', 'y'],
    ['\u{1f600}', 'z'],
  ];
  expect(await renderTable(['A', 'B'], rows, PIPE)).toBe(
    'A         B\n日本      x\ne\u0301         y\n\u{1f600}        z\n',
  );
  expect(await renderTable(['A'], [['日本語']], { isTty: true, width: 5 })).toBe('A\n日本…\n');
});

test('lines of different lengths are laid out as Go’s tabwriter does', async () => {
  const table = await renderTable(
    ['ID'],
    [['NAME', 'X'], ['1'], ['a long name', 'x'], ['22', 'y']],
    PIPE,
  );
  expect(table).toBe('ID\nNAME      X\n1\na long name   x\n22            y\n');
});

test.each([
  ['plain cells', ['abc', 'd', 'e']],
  ['ideographs, emoji and combining marks', ['日本語', 'e\u0301🚀', 'กำลัง']],
  ['empty cells at the end', ['abc', '', '']],
  ['blanks, a private character and a dollar', ['  a  ', '\uE000\uE000', '$&']],
])('%s are drawn alike with cli-table3 and without', async (_what, row) => {
  const columns = ['FIRST', 'SECOND', 'THIRD'];
  for (const width of [undefined, 40, 14]) {
    const options = { isTty: width !== undefined, ...(width !== undefined && { width }) };
    const drawn = await renderTable(columns, [row, ['x', 'y', 'z']], options);
    expect(await renderTable(columns, [row, ['x', 'y', 'z']], { ...options, unloaded: true })).toBe(
      drawn,
    );
    expect(drawn).not.toMatch(/ $/m);
  }
});
