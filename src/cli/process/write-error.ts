import { getSystemErrorMap } from 'node:util';
import { BoxliteError, errnoOf } from '../../errors.js';
import { Interrupted } from './interrupted.js';

/**
 * The error for data that could not be written to stdout or stderr, in Docker's words. If the reader has
 * gone, as after `boxlite ps | head -1`, the process ends silently, as SIGPIPE ends other programs.
 * @param hint advice about work that continues without us
 */
export function writeError(
  stream: NodeJS.WritableStream,
  error: unknown,
  hint?: string,
): BoxliteError | Interrupted {
  const errno = errnoOf(error);
  if (errno === 'EPIPE') return new Interrupted('SIGPIPE');
  const path = 'fd' in stream && stream.fd === 2 ? '/dev/stderr' : '/dev/stdout';
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  return new BoxliteError(full ? 'no-space' : 'permission', `write ${path}: ${reasonOf(error)}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined;
  const known = number === undefined ? undefined : getSystemErrorMap().get(number);
  return known?.[1] ?? error.message;
}
