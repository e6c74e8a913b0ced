/**
 * What a terminal acts on instead of showing it: controls, which move the cursor, retitle the window or begin
 * a line; marks that turn the direction of text, or that nobody sees; separators of lines and paragraphs
 * (Unicode's general categories Cc, Cf, Zl and Zp).
 */
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Text that others have written, such as an image's labels, a guest's words and the names of files, made fit
 * for a terminal, which would otherwise do what a hostile one says.
 * @param replacement what stands in place of each character that a terminal acts on
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
 * Text as one line, in which what a terminal would act on can be read instead: `\x1b`, `\u202e`. A tab stays.
 */
export function asLine(text: string): string {
  return withoutActing(text, (character) => (character === '\t' ? character : escapeOf(character)));
}

/** The same for text whose line breaks are our own. */
export function asLines(text: string): string {
  return text.split('\n').map(asLine).join('\n');
}

/**
 * The same for a message, which may have several lines: those after the first are indented, so that none of
 * them, whoever wrote it, can be taken for a line of our own, such as a hint.
 */
export function asMessage(text: string): string {
  const [first = '', ...more] = text.slice(0, endOfLines(text)).split('\n');
  const indented = more.map((line) => (line.startsWith('  ') ? line : `  ${line}`));
  return asLines([first, ...indented].join('\n'));
}

/** Characters of a message that are shown: one that repeats a name of a megabyte tells no more than this. */
const MOST = 4_000;
const AT_ITS_END = 1_000;

/** A message that people can read, whatever it repeats: beginning and end, which say what is wrong. */
export function abridged(text: string): string {
  if (text.length <= MOST) return text;
  const beginning = text.slice(0, MOST - AT_ITS_END);
  return `${beginning}… (${text.length - MOST} more characters) …${text.slice(-AT_ITS_END)}`;
}

/** Where the line breaks at its end begin. */
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
