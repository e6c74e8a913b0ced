import { BoxliteError } from '../../errors.js';

/** Ctrl with `@ a … z [ \ ] ^ _` gives bytes 0 to 31. */
const CONTROL = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

/** `ctrl-p,ctrl-q` → the byte sequence that detaches from the box and leaves it running. Empty = never. */
export function parseDetachKeys(text: string): Uint8Array {
  if (text === '') return new Uint8Array();
  return Uint8Array.from(text.split(','), (key) => {
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
    const code =
      control === undefined
        ? key.length === 1
          ? key.charCodeAt(0)
          : -1
        : CONTROL.indexOf(control);
    if (code >= 0 && code < 128) return code;
    throw new BoxliteError(
      'invalid-argument',
      `invalid detach keys "${text}": "${key}" is neither a character nor ctrl- and a letter`,
    );
  });
}
