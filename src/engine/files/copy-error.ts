import { COPY_EXITS } from '../../agent/protocol.js';
import { BoxliteError, type ErrorCode } from '../../errors.js';
import type { ArchiveReport } from './archive-report.js';

/** Which end of a copy failed. */
export interface CopyEnd {
  side: 'box' | 'host';
  role: 'source' | 'destination';
  /** Name of the box, or of the volume. */
  box: string;
  kind?: 'volume' | undefined;
  /** As the caller gave it. */
  path: string;
}

/** Docker's wording, which scripts may match, plus the name of the object. */
export function copyError(end: CopyEnd, { exit, message }: ArchiveReport): BoxliteError {
  const { kind = 'box' } = end;
  const inBox = end.side === 'box';
  const where = inBox ? `in ${kind} ${end.box}` : 'on the host';
  const fail = (code: ErrorCode, text: string, hint?: string): BoxliteError =>
    new BoxliteError(code, text, hint === undefined ? {} : { hint });
  switch (exit) {
    case COPY_EXITS.NO_SOURCE:
    case COPY_EXITS.NO_PARENT:
      return inBox
        ? fail('invalid-argument', `Could not find the file ${message} ${where}`)
        : fail('invalid-argument', `lstat ${message}: no such file or directory`);
    case COPY_EXITS.NOT_DIRECTORY:
      return fail('invalid-argument', `not a directory: ${message} ${where}`);
    case COPY_EXITS.NO_DIRECTORY:
      return fail(
        'invalid-argument',
        `no such directory: ${message} ${where}`,
        'a destination that ends in / must be there; make it first',
      );
    case COPY_EXITS.DIRECTORY_TO_FILE:
      return fail(
        'invalid-argument',
        `cannot copy directory: ${message} ${where} is not a directory`,
      );
    case COPY_EXITS.FILE_TO_DIRECTORY:
      return fail(
        'invalid-argument',
        `cannot overwrite directory with non-directory: ${message} ${where}`,
      );
    case COPY_EXITS.EXISTS:
      return fail(
        'invalid-argument',
        `${message} ${where} is there already`,
        'allow it to be overwritten',
      );
    case COPY_EXITS.NOT_RECURSIVE:
      return fail(
        'invalid-argument',
        `${message} ${where} is a directory`,
        'copy it with `recursive`',
      );
    case COPY_EXITS.NO_SPACE:
      return fail(
        'no-space',
        `no space left ${where}: ${message}`,
        !inBox
          ? 'free some space'
          : kind === 'box'
            ? 'free some space in the box, or create it with a larger --disk-size'
            : 'free some space in it, or on the host, or create a larger one',
      );
    case COPY_EXITS.READ_ONLY:
      return inBox && kind === 'box'
        ? fail(
            'permission',
            `box rootfs is marked read-only: ${message}`,
            'copy into one of its volumes',
          )
        : fail('permission', `read-only file system ${where}: ${message}`);
    case COPY_EXITS.PERMISSION:
      return fail('permission', `${message} (${where})`);
    case COPY_EXITS.NOT_A_FILE:
      return specialFileError(end, message);
    case COPY_EXITS.UNSUPPORTED:
      return fail('unsupported', `${message} ${where}`);
    case COPY_EXITS.TRUNCATED:
    case COPY_EXITS.MALFORMED:
      return fail(
        'archive-invalid',
        `the archive${inBox && kind === 'volume' ? ` for ${kind} ${end.box}` : ''} is not whole or not well formed: ${message}`,
      );
    default:
      return fail(
        inBox ? 'vmm-failed' : 'permission',
        `the copy failed ${where}: ${message || `it ended with ${exit}`}`,
      );
  }
}

/** @param rule what was found instead: `got a device` */
export function specialFileError({ side, box, kind, path }: CopyEnd, rule: string): BoxliteError {
  const what = side === 'box' ? `destination "${box}:${path}"` : `invalid output path: "${path}"`;
  return new BoxliteError(
    'invalid-argument',
    `${what} must be a directory or a regular file: ${rule}`,
    {
      hint:
        side === 'box' && kind === undefined
          ? 'send it to the stdin of a program in the box'
          : 'write to - for a tar on stdout, or to another path',
      ...(side === 'box' && kind === undefined && { remedy: { action: 'exec', box } }),
    },
  );
}
