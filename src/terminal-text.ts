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
