import { withoutActing } from '../../../terminal-text.js';

/**
 * JSON for stdout. It contains other people's text, such as an image's labels: JSON itself escapes only the
 * C0 controls, but a terminal also obeys C1 controls and marks that change the direction of text. A parser
 * reads the same values.
 */
export function jsonText(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, undefined, indent);
  return PLAIN.test(text) ? text : withoutActing(text, escaped);
}

const PLAIN = /^[\n -~]*$/;

/** JSON escapes UTF-16 code units; unescaped line breaks are its own indentation. */
function escaped(character: string): string {
  if (character === '\n') return character;
  return Array.from({ length: character.length }, (_, i) => {
    const unit = character.charCodeAt(i).toString(16);
    return `\\u${unit.padStart(4, '0')}`;
  }).join('');
}
