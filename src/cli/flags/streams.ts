import { BoxliteError } from '../../errors.js';

export type StreamName = 'stdin' | 'stdout' | 'stderr';

/** A value of `--attach`, in upper or lower case, as in Docker. */
export function parseStream(text: string): StreamName {
  const name = text.toLowerCase();
  if (name === 'stdin' || name === 'stdout' || name === 'stderr') return name;
  throw new BoxliteError('invalid-argument', 'valid streams are STDIN, STDOUT and STDERR');
}
