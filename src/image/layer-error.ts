import { BoxliteError } from '../errors.js';

const SHOWN_NAME_LENGTH = 200;

/**
 * Names and link targets of a layer are bytes: kept as latin1 strings (one character a byte), so that
 * any name survives unchanged and compares as the kernel compares it. Only messages decode them.
 */
export function layerInvalid(name: string, rule: string, cause?: unknown): BoxliteError {
  return new BoxliteError('layer-invalid', `layer entry ${showName(name)}: ${rule}`, {
    cause,
    hint: 'the image is damaged or made to do harm; have it built again or pull another one',
  });
}

/** A latin1-held name as a quoted, printable, bounded text. */
export function showName(name: string): string {
  const shown = name.length > SHOWN_NAME_LENGTH ? `${name.slice(0, SHOWN_NAME_LENGTH)}…` : name;
  // JSON escapes control characters, so a hostile name can't drive the terminal it is printed on.
  return JSON.stringify(Buffer.from(shown, 'latin1').toString('utf8'));
}
