/**
 * Writes a manual page with man(7), the macros that every `man` knows. It escapes all text for its callers.
 */
import { paragraphs } from '../output/terminal/wrap.js';

export interface Section {
  readonly title: string;
  readonly body: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  /** A term, with its meaning indented below it. */
  | { readonly kind: 'term'; readonly term: Inline; readonly text: string }
  /** Verbatim lines. */
  | { readonly kind: 'code'; readonly lines: readonly string[] }
  | { readonly kind: 'heading'; readonly text: string };

/** Adjacent words in bold (typed as they are), in italics (placeholders) and plain. */
export type Inline = readonly (readonly [style: 'bold' | 'italic' | 'plain', text: string])[];

export interface Page {
  /** `boxlite-run` */
  readonly name: string;
  readonly volume: 1 | 5 | 7;
  readonly summary: string;
  readonly sections: readonly Section[];
}

const VOLUME_TITLES = {
  1: 'User Commands',
  5: 'File Formats',
  7: 'Miscellaneous Information',
} as const;

export function renderPage(page: Page, version: string, date: string): string {
  const { name, volume, summary } = page;
  const lines = [
    '.\\" Generated from the definitions of the commands; see src/cli/man.',
    `.TH ${quoted(name.toUpperCase())} ${volume} ${quoted(date)} ${quoted(`boxlite ${version}`)} ${quoted(VOLUME_TITLES[volume])}`,
    // Text that may be copied must have neither hyphenation nor stretched blanks.
    '.nh',
    '.ad l',
    '.SH NAME',
    `${escape(name)} \\- ${escape(summary)}`,
    ...page.sections.flatMap(({ title, body }) => [
      `.SH ${quoted(title)}`,
      ...body.flatMap((block, index) =>
        renderBlock(block, index === 0 || body[index - 1]?.kind === 'heading'),
      ),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function renderBlock(block: Block, first: boolean): string[] {
  switch (block.kind) {
    case 'text':
      return renderText(block.text, first);
    case 'heading':
      return [`.SS ${quoted(block.text)}`];
    case 'term':
      return ['.TP', renderInline(block.term), ...renderText(block.text, true)];
    case 'code':
      return [
        ...(first ? [] : ['.PP']),
        '.nf',
        '.RS 4',
        ...block.lines.map((line) => escapeLine(line)),
        '.RE',
        '.fi',
      ];
  }
}

function renderText(text: string, first: boolean): string[] {
  const lines: string[] = [];
  for (const paragraph of paragraphs(text)) {
    if (paragraph === '') continue;
    if (paragraph.startsWith('  ')) {
      // Consecutive verbatim lines form one block.
      if (lines.at(-1) === '.fi') lines.pop();
      else lines.push('.nf');
      lines.push(escapeLine(paragraph), '.fi');
      continue;
    }
    if (!first || lines.length > 0) lines.push('.PP');
    lines.push(escapeLine(paragraph));
  }
  return lines;
}

export function renderInline(inline: Inline): string {
  const fonts = { bold: '\\fB', italic: '\\fI', plain: '\\fR' };
  const parts = inline.map(([style, text]) => `${fonts[style]}${escape(text)}`);
  return guarded(`${parts.join('')}\\fR`);
}

/** roff would read a line that begins with a dot or an apostrophe as a request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

function escapeLine(text: string): string {
  return guarded(escape(text));
}

/** A plain `-` may be rendered as a typographic hyphen, which can't be pasted into a shell. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('…', '\\[u2026]');
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
