import { expect, test } from 'vitest';
import { type ListRow, renderList } from '../../../../src/cli/output/terminal/list.js';

const HEADERS = {
  ID: 'CONTAINER ID',
  Names: 'NAMES',
  Labels: 'LABELS',
  Label: (key = '') => `label ${key}`,
};
const ROWS: ListRow[] = [
  { ID: '01k1', Names: 'web', Labels: 'a=1,b=2', Label: (key = '') => (key === 'a' ? '1' : '') },
  { ID: '01k2', Names: 'a-longer-name', Labels: '', Label: () => '' },
];
const RAW = { lines: 'id: {{.ID}}\nname: {{.Names}}\n', quiet: 'id: {{.ID}}' };

const render = (format: string, quiet = false, rows = ROWS): Promise<string> =>
  renderList(
    rows,
    { headers: HEADERS, columns: ['ID', 'Names'], format, quiet, quietField: 'ID', raw: RAW },
    {},
  );

test.each([
  ['{{upper .Names}}', 'NAMES\nWEB\nA-LONGER-NAME\n'],
  ['{{.Names | title}}', 'NAMES\nWeb\nA-Longer-Name\n'],
  ['{{json .Names}}', 'NAMES\n"web"\n"a-longer-name"\n'],
  ['{{truncate .Names 3}}', 'NAMES\nweb\na-l\n'],
  ['{{join (split .Labels ",") " "}}', 'LABELS\na=1 b=2\n\n'],
  ['{{pad .Names 2 0}}|', '  NAMES|\n  web|\n  a-longer-name|\n'],
  ['{{.Label "a"}}', 'label a\n1\n\n'],
  // what can't be done with a header ends it there
  ['{{.ID}} {{range split .Labels ","}}<{{.}}>{{end}}', 'CONTAINER ID\n01k1 <a=1><b=2>\n01k2 <>\n'],
  [
    '{{len .}} {{json .}}',
    '4\n4 {"ID":"01k1","Names":"web","Labels":"a=1,b=2"}\n4 {"ID":"01k2","Names":"a-longer-name","Labels":""}\n',
  ],
])('the header of %s keeps the columns’ names', async (template, expected) => {
  expect(await render(`table ${template}`)).toBe(expected);
});

test.each(['\\n', '\n'])('%j in a table’s template breaks the line', async (lineBreak) => {
  expect(await render(`table {{.ID}}\t{{.Names}}${lineBreak}{{.Labels}}`)).toBe(
    'CONTAINER ID   NAMES\nLABELS\n01k1      web\na=1,b=2\n01k2      a-longer-name\n\n',
  );
});

test('what a field holds breaks neither line nor column', async () => {
  const hostile = [{ ID: 'x', Names: 'a\tb\nc', Labels: '', Label: () => 'd\ne' }];
  expect(await render('table {{.Names}}\\t{{.Label "x"}}', false, hostile)).toBe(
    'NAMES     label x\na b\uFFFDc     d\uFFFDe\n',
  );
});

test('an unknown field is refused with and without rows', async () => {
  for (const rows of [ROWS, []])
    await expect(render('table {{.Nope}}', false, rows)).rejects.toThrow(
      "can't evaluate field Nope",
    );
});

test('raw has a line a field, and -q the id alone', async () => {
  expect(await render('raw')).toBe('id: 01k1\nname: web\n\nid: 01k2\nname: a-longer-name\n\n');
  expect(await render('raw', true)).toBe('id: 01k1\nid: 01k2\n');
});

test('-q goes before the plain table, not before a format of one’s own', async () => {
  expect(await render('table', true)).toBe('01k1\n01k2\n');
  expect(await render('{{.Names}}', true)).toBe('web\na-longer-name\n');
  expect(await render('table {{.ID}}', true)).toBe('CONTAINER ID\n01k1\n01k2\n');
  expect((await render('json', true)).split('\n')[0]).toBe(
    '{"ID":"01k1","Names":"web","Labels":"a=1,b=2"}',
  );
});
