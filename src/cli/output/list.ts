/** The listing verbs' common face: `--format table|json|TEMPLATE`, `-q`, and a table without either. */
import type { CommandContext } from '../context.js';
import { print } from '../context.js';
import { renderTable } from './table.js';
import { compileTemplate } from './template.js';

/** All fields of an entry, as text, under the names that templates and JSON use. */
export type ListRow = Readonly<Record<string, string>>;

export interface ListView {
  /** A field's header; every field that a template may name has one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of the plain table, in order. */
  readonly columns: readonly string[];
  readonly format: string | undefined;
  /** Field that `-q` prints alone. */
  readonly quietField: string;
  readonly quiet: boolean;
}

export async function printList(
  context: CommandContext,
  rows: readonly ListRow[],
  view: ListView,
): Promise<void> {
  await print(context, renderList(rows, view, context.stdout));
}

/** @throws TemplateError */
export function renderList(
  rows: readonly ListRow[],
  view: ListView,
  output: { isTTY?: boolean; columns?: number },
): string {
  const { format = 'table' } = view;
  if (view.quiet && !format.startsWith('table ')) {
    const field = `{{.${view.quietField}}}`;
    return renderLines(rows, format === 'table' || format === 'json' ? field : format);
  }
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (format !== 'table' && !format.startsWith('table ')) return renderLines(rows, format);

  const template =
    format.slice('table '.length) || view.columns.map((name) => `{{.${name}}}`).join('\t');
  const compiled = compileTemplate(unescape(template));
  const [header = [], ...cells] = [view.headers, ...rows].map((row) =>
    compiled.render(row).split('\t'),
  );
  return renderTable(header, cells, {
    isTty: output.isTTY === true,
    ...(output.columns !== undefined && { width: output.columns }),
  });
}

function renderLines(rows: readonly ListRow[], template: string): string {
  const compiled = compileTemplate(unescape(template));
  return rows.map((row) => `${compiled.render(row)}\n`).join('');
}

/** In single quotes the shell leaves `\t` and `\n` as they are typed; they mean the characters. */
export function unescape(template: string): string {
  return template.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
