import { eastAsianWidth } from 'get-east-asian-width';

/** Looked for first: what others take is found character by character. */
const PLAIN = /^[ -~]*$/;
const MARK = /\p{Mn}|\p{Me}/u;

/** Printable ASCII alone. */
export const isPlain = (text: string): boolean => PLAIN.test(text);

/** Columns that a terminal gives a text without controls: ideographs and emoji take two, combining marks none. */
export function textWidth(text: string): number {
  if (isPlain(text)) return text.length;
  return Array.from(text).reduce((width, character) => width + characterWidth(character), 0);
}

/** Cut to so many columns, the last one then an ellipsis. */
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
