import { withoutActing } from '../../../terminal-text.js';

/**
 * JSON for stdout. It holds other people's text, such as an image's labels: JSON itself escapes
 * only the C0 controls, and a terminal also acts on C1's and on marks that turn the direction of text. It
 * means the same to whoever parses it.
 */
export function jsonText(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, undefined, indent);
  return PLAIN.test(text) ? text : withoutActing(text, escaped);
}

const PLAIN = /^[\n -~]*$/;

/** JSON escapes units of UTF-16; the line breaks are its own indentation. */
function escaped(character: string): string {
  if (character === '\n') return character;
  return Array.from({ length: character.length }, (_, i) => {
    const unit = character.charCodeAt(i).toString(16);
    return `\\u${unit.padStart(4, '0')}`;
  }).join('');
}
