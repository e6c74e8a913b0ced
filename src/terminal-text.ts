/**
 * Characters that a terminal acts on instead of showing them: controls, which move the cursor, change the
 * title or start a line; marks that reverse text or are invisible; separators of lines and paragraphs
 * (Unicode's general categories Cc, Cf, Zl and Zp).
 */
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Makes untrusted text safe for a terminal: labels of images, output of a guest, names of files. Otherwise a
 * hostile text could control the terminal.
 * @param replacement replaces each character that a terminal acts on
 */
export function withoutActing(
  text: string,
  replacement: string | ((character: string) => string),
): string {
  return text.replace(ACTING, (character) =>
    typeof replacement === 'string' ? replacement : replacement(character),
  );
}

/**
 * Text as one line, with the characters that a terminal acts on made readable: `\x1b`, `\u202e`. A tab stays.
 */
export function asLine(text: string): string {
  return withoutActing(text, (character) => (character === '\t' ? character : escapeOf(character)));
}

/** The same for text whose line breaks are our own. */
export function asLines(text: string): string {
  return text.split('\n').map(asLine).join('\n');
}

/**
 * The same for a message of one or more lines: those after the first are indented, so no foreign line looks
 * like one of ours, such as a hint.
 */
export function asMessage(text: string): string {
  const [first = '', ...more] = text.slice(0, endOfLines(text)).split('\n');
  const indented = more.map((line) => (line.startsWith('  ') ? line : `  ${line}`));
  return asLines([first, ...indented].join('\n'));
}

/** Most characters of a message to show, because it may repeat a name of a megabyte. */
const MOST = 4_000;
const AT_ITS_END = 1_000;

/** A message of readable length, whatever it repeats: its beginning and end, which say what is wrong. */
export function abridged(text: string): string {
  if (text.length <= MOST) return text;
  const beginning = text.slice(0, MOST - AT_ITS_END);
  return `${beginning}… (${text.length - MOST} more characters) …${text.slice(-AT_ITS_END)}`;
}

/** The start of the trailing line breaks. */
function endOfLines(text: string): number {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end--;
  return end;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code <= 0x7f) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}
