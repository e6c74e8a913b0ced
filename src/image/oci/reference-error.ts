import { BoxliteError } from '../../errors.js';

/** Width of the excerpt around the fault. */
const SHOWN = 60;
const BEFORE = 40;

/**
 * An image reference that breaks a rule, with a mark under the offending character:
 *
 *     invalid image reference "alpine:3 .20": a tag holds … (character 9)
 *       alpine:3 .20
 *               ^
 *
 * Characters that are invisible or look like others are escaped (`\u{43e}`).
 * @param index of the first character (UTF-16) at fault; the text's length when something is
 * missing
 */
export function referenceError(text: string, index: number, rule: string): BoxliteError {
  const from = Math.max(0, index - BEFORE);
  const until = Math.min(text.length, from + SHOWN);
  const [before, rest] = [spell(text.slice(from, index)), spell(text.slice(index, until))];
  const cut = from > 0 ? '…' : '';
  const line = `${cut}${before}${rest}${until < text.length ? '…' : ''}`;
  const pointer = `${' '.repeat(cut.length + before.length)}^`;
  const name = text.length > SHOWN ? '' : ` ${JSON.stringify(text)}`;
  return new BoxliteError(
    'invalid-reference',
    `invalid image reference${name}: ${rule} (character ${index + 1})\n  ${line}\n  ${pointer}`,
    { hint: 'write it as [REGISTRY[:PORT]/]NAME[:TAG][@DIGEST], for example alpine:3.20' },
  );
}

function spell(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
