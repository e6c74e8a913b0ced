/** The common output of the listing verbs: `--format table|json|TEMPLATE`, `-q`, and a table by default. */
import type { CommandContext } from '../../process/context.js';
import { print } from '../../process/context.js';
import { leastWidth, printable, renderTable, type TableOptions } from '../table.js';
import type { Template } from '../template.js';
import type { GoScalar } from '../template/go-struct.js';
import { jsonText } from '../text/json-text.js';

/**
 * All fields of an entry, as text, under the names that templates and JSON use. A function is a field to
 * which a template gives arguments (`.Label "app"`); JSON omits it.
 */
export type ListRow = Readonly<Record<string, ListField>>;
export type ListField = string | GoScalar | ((argument?: string) => string);

export interface ListView {
  /** The header of each field that a template may name. */
  readonly headers: ListRow;
  /** Fields of the plain table, in order. */
  readonly columns: readonly string[];
  /** Sets of fewer columns for terminals that are too narrow. */
  readonly narrower?: readonly (readonly string[])[];
  readonly format: string | undefined;
  /** The only field that `-q` prints. */
  readonly quietField: string;
  readonly quiet: boolean;
  /** Docker's `raw`: a template of several lines, and its form with `-q`. */
  readonly raw?: { readonly lines: string; readonly quiet: string };
  /** Cuts nothing to the width of a terminal: --no-trunc is for copying. */
  readonly whole?: boolean;
}

/** @param unloaded see TableOptions */
export async function printList(
  context: CommandContext,
  rows: readonly ListRow[],
  view: ListView,
  unloaded = false,
): Promise<void> {
  const { isTTY, columns } = context.stdout;
  const output = {
    ...(isTTY !== undefined && { isTTY }),
    ...(columns !== undefined && { columns }),
    unloaded,
  };
  await print(context, await renderList(rows, view, output));
}

/** @throws TemplateError */
export async function renderList(
  rows: readonly ListRow[],
  view: ListView,
  output: TableOutput,
): Promise<string> {
  const { format = 'table', raw } = view;
  if (format === 'raw' && raw !== undefined)
    return renderLines(rows, view.quiet ? raw.quiet : raw.lines, output);
  if (format === 'table' && view.quiet)
    return rows.map((row) => `${textOf(row[view.quietField])}\n`).join('');
  if (format === 'json') return rows.map((row) => `${jsonText(row)}\n`).join('');
  if (format === 'table' || format === 'table ') return renderPlain(rows, view, output);
  if (!format.startsWith('table')) return renderLines(rows, format, output);
  return renderTableTemplate(rows, view, format.slice('table'.length), output);
}

/** Decides how wide a table may be, and how it is drawn. */
export interface TableOutput {
  isTTY?: boolean;
  columns?: number;
  unloaded?: boolean;
}

/** The plain table of a view. */
export function renderColumns(
  rows: readonly ListRow[],
  { headers, columns, whole }: Pick<ListView, 'headers' | 'columns' | 'whole'>,
  output: TableOutput,
): Promise<string> {
  const cells = (row: ListRow): string[] => columns.map((name) => textOf(row[name]));
  return renderTable(cells(headers), rows.map(cells), tableOptions(output, whole));
}

/** Text stays readable in part, so all columns are kept as long as each has this much room. */
const READABLE_CELL = 10;

function renderPlain(
  rows: readonly ListRow[],
  view: ListView,
  output: TableOutput,
): Promise<string> {
  const { headers, columns, narrower, whole } = view;
  if (narrower === undefined || whole === true) return renderColumns(rows, view, output);
  return renderFitting(rows, headers, [columns, ...narrower], output, READABLE_CELL);
}

/**
 * Renders the first of several tables that fits on the terminal; the first of all if there is no terminal.
 * @param sets of columns, the widest first; the last one is narrowed if need be
 * @param readable columns that suffice for a cell; without it, only names are cut
 */
export function renderFitting(
  rows: readonly ListRow[],
  headers: ListRow,
  sets: readonly (readonly string[])[],
  output: TableOutput,
  readable = Infinity,
): Promise<string> {
  const texts = (columns: readonly string[], row: ListRow) =>
    columns.map((name) => textOf(row[name]));
  const { isTTY, columns: width = Infinity } = output;
  const fits = (columns: readonly string[]): boolean =>
    leastWidth(
      texts(columns, headers),
      rows.map((row) => texts(columns, row)),
      width,
      readable,
    ) <= width;
  const columns = (isTTY === true ? sets.find(fits) : sets[0]) ?? sets.at(-1) ?? [];
  return renderColumns(rows, { headers, columns }, output);
}

function tableOptions(
  { isTTY, columns, unloaded = false }: TableOutput,
  whole = false,
): TableOptions {
  const width = columns !== undefined && !whole && { width: columns };
  return { isTty: isTTY === true, ...width, unloaded };
}

function textOf(field: ListField | undefined): string {
  if (typeof field === 'string') return field;
  return typeof field === 'object' ? field.text : '';
}

/** Each tab of the template starts a column, each line break a line; those in the fields do not. */
async function renderTableTemplate(
  rows: readonly ListRow[],
  { headers, whole }: Pick<ListView, 'headers' | 'whole'>,
  template: string,
  output: TableOutput,
): Promise<string> {
  const { render, renderHeader } = await compile(template.replace(/^ +| +$/g, ''));
  const cells = (text: string): string[][] => text.split('\n').map((line) => line.split('\t'));
  const [names = [], ...more] = cells(renderHeader(headers));
  const lines = rows.flatMap((row) => cells(render(printableRow(row))));
  return renderTable(names, [...more, ...lines], tableOptions(output, whole));
}

function printableRow(row: ListRow): ListRow {
  const fields = Object.entries(row).map(([name, field]): [string, ListField] => {
    if (typeof field === 'string') return [name, printable(field)];
    return [name, typeof field === 'function' ? (key) => printable(field(key)) : field];
  });
  return Object.fromEntries(fields);
}

async function renderLines(
  rows: readonly ListRow[],
  template: string,
  { isTTY }: TableOutput,
): Promise<string> {
  const { render } = await compile(template, isTTY);
  return rows.map((row) => `${render(row)}\n`).join('');
}

/** Loaded only for a template: most callers want the plain table. */
async function compile(template: string, onScreen?: boolean): Promise<Template> {
  const { compileTemplate } = await import('../template.js');
  return compileTemplate(unescape(template), onScreen);
}

/** In single quotes the shell leaves `\t` and `\n` as they are typed; they stand for the characters. */
export function unescape(template: string): string {
  return template.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
