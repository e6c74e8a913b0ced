import { getSystemErrorMap } from 'node:util';
import { BoxliteError, errnoOf } from '../../errors.js';
import { Interrupted } from './interrupted.js';

/**
 * Data that could not be written to stdout or stderr, in Docker's words. Where nobody reads any more, as after
 * `boxlite ps | head -1`, it is what SIGPIPE does to other programs, and nothing is said.
 * @param hint what to do about what goes on without us
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
