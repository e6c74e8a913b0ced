/** The listing verbs' common face: `--format table|json|TEMPLATE`, `-q`, and a table without either. */
import type { CommandContext } from '../context.js';
import { print } from '../context.js';
import { jsonText } from './json-text.js';
import { renderTable, type TableOptions } from './table.js';

/**
 * All fields of an entry, as text, under the names that templates and JSON use; a function is a field
 * that a template gives arguments (`.Label "app"`), and JSON lacks.
 */
export type ListRow = Readonly<Record<string, string | ((argument?: string) => string)>>;

export interface ListView {
  /** A field's header; every field that a template may name has one. */
  readonly headers: ListRow;
  /** Fields of the plain table, in order. */
  readonly columns: readonly string[];
  readonly format: string | undefined;
  /** Field that `-q` prints alone. */
  readonly quietField: string;
  readonly quiet: boolean;
  /** Nothing is cut to the width of a terminal: whoever said --no-trunc wants to copy it. */
  readonly whole?: boolean;
}

export async function printList(
  context: CommandContext,
  rows: readonly ListRow[],
  view: ListView,
): Promise<void> {
  await print(context, await renderList(rows, view, context.stdout));
}

/** @throws TemplateError */
export async function renderList(
  rows: readonly ListRow[],
  view: ListView,
  output: TableOutput,
): Promise<string> {
  const { format = 'table' } = view;
  if (view.quiet && !format.startsWith('table ')) {
    if (format !== 'table' && format !== 'json') return renderLines(rows, format, output);
    return rows.map((row) => `${textOf(row[view.quietField])}\n`).join('');
  }
  if (format === 'json') return rows.map((row) => `${jsonText(row)}\n`).join('');
  if (format === 'table' || format === 'table ') return renderColumns(rows, view, output);
  if (!format.startsWith('table')) return renderLines(rows, format, output);

  const render = await compile(format.slice('table'.length).replace(/^ +| +$/g, ''));
  const cells = (row: ListRow): string[] => render(row).split('\t');
  return renderTable(cells(view.headers), rows.map(cells), tableOptions(output, view.whole));
}

/** What decides how wide a table may be. */
interface TableOutput {
  isTTY?: boolean;
  columns?: number;
}

/** The plain table of a view. */
export function renderColumns(
  rows: readonly ListRow[],
  { headers, columns, whole }: Pick<ListView, 'headers' | 'columns' | 'whole'>,
  output: TableOutput,
): string {
  const cells = (row: ListRow): string[] => columns.map((name) => textOf(row[name]));
  return renderTable(cells(headers), rows.map(cells), tableOptions(output, whole));
}

function tableOptions({ isTTY, columns }: TableOutput, whole = false): TableOptions {
  return { isTty: isTTY === true, ...(columns !== undefined && !whole && { width: columns }) };
}

const textOf = (field: ListRow[string] | undefined): string =>
  typeof field === 'string' ? field : '';

async function renderLines(
  rows: readonly ListRow[],
  template: string,
  { isTTY }: TableOutput,
): Promise<string> {
  const render = await compile(template, isTTY);
  return rows.map((row) => `${render(row)}\n`).join('');
}

/** Loaded for those who give a template: most want the plain table. */
async function compile(template: string, onScreen?: boolean): Promise<(row: ListRow) => string> {
  const { compileTemplate } = await import('./template.js');
  const compiled = compileTemplate(unescape(template), onScreen);
  return (row) => compiled.render(row);
}

/** In single quotes the shell leaves `\t` and `\n` as they are typed; they mean the characters. */
export function unescape(template: string): string {
  return template.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
