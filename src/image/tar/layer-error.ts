import { isUtf8 } from 'node:buffer';
import { BoxliteError } from '../../errors.js';

const SHOWN_NAME_LENGTH = 200;

/**
 * Names and link targets of a layer are bytes, kept as latin1 strings (one character per byte), so
 * that any name survives unchanged and compares as in the kernel. Only messages decode them.
 */
export function layerInvalid(name: string, rule: string, cause?: unknown): BoxliteError {
  return new BoxliteError('layer-invalid', `layer entry ${showName(name)}: ${rule}`, {
    cause,
    hint: 'the image is damaged or made to do harm; have it built again or pull another one',
  });
}

/** @param packing `gzip` or `zstd` */
export function layerStreamInvalid(packing: string, rule: string, cause?: unknown): BoxliteError {
  return new BoxliteError('layer-invalid', `the layer is not a whole ${packing} stream: ${rule}`, {
    cause,
    hint: 'pull the image again; if it stays so, the image itself is broken',
  });
}

/** @param packing `xz` */
export function layerPackingUnknown(packing: string): BoxliteError {
  return new BoxliteError('unsupported', `the layer is packed by ${packing}`, {
    hint: 'layers may be packed by gzip or zstd; have the image built again',
  });
}

/**
 * A latin1 name as quoted, printable, bounded text. Control characters could drive the terminal
 * that shows it, and bidirectional marks could make it read as another name: both are escaped, and
 * so is each byte of a name that is not UTF-8.
 */
export function showName(name: string): string {
  const bytes = Buffer.from(name, 'latin1');
  const isText = isUtf8(bytes);
  const text = isText ? bytes.toString() : name;
  const shown = text.length > SHOWN_NAME_LENGTH ? `${text.slice(0, SHOWN_NAME_LENGTH)}…` : text;
  return isText
    ? JSON.stringify(shown).replace(
        /[\p{C}\p{Zl}\p{Zp}]/gu,
        (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
      )
    : JSON.stringify(shown).replace(
        /[\x7f-\xff]/g,
        (byte) => `\\x${byte.charCodeAt(0).toString(16)}`,
      );
}
