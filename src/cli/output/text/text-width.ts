import { eastAsianWidth } from 'get-east-asian-width';

/** The common case first: other text is measured character by character. */
const PLAIN = /^[ -~]*$/;
const MARK = /\p{Mn}|\p{Me}/u;

/** Whether the text is printable ASCII only. */
export const isPlain = (text: string): boolean => PLAIN.test(text);

/**
 * Terminal columns of a text without control characters: ideographs and emoji take two, combining marks none.
 */
export function textWidth(text: string): number {
  if (isPlain(text)) return text.length;
  return Array.from(text).reduce((width, character) => width + characterWidth(character), 0);
}

/** Cuts the text to this many columns; the last one is then an ellipsis. */
export function fitted(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let [kept, taken] = ['', 0];
  for (const character of text) {
    taken += characterWidth(character);
    if (taken > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function characterWidth(character: string): number {
  return MARK.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0);
}
