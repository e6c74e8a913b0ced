import { BoxliteError, limitError } from '../../errors.js';
import { abridged, asLine, asMessage } from '../../terminal-text.js';
import { Interrupted } from './interrupted.js';
import { advice } from './remedy.js';
import { TargetFailures } from './targets.js';

/**
 * Returns the lines that say what went wrong and, below, what to do. A message often repeats text of a
 * registry, an image or a guest, which must neither control the terminal nor look like a hint.
 */
export function describeError(error: unknown, debug: boolean): string {
  if (error instanceof Interrupted) return '';
  if (error instanceof TargetFailures)
    return error.failures.map((each) => describeError(each, debug)).join('');
  // Any call can hit a limit of the host.
  const known = error instanceof BoxliteError ? error : limitError(error, 'go on');
  if (known === undefined) return describeBug(error, debug);
  const stack = debug ? `${asMessage(stackOf(error))}\n` : '';
  const cure = advice(known.hint, known.remedy);
  const hint = cure === undefined ? '' : `${asLine(abridged(cure))}\n`;
  return `boxlite: ${asMessage(abridged(known.message))}\n${hint}${stack}`;
}

function describeBug(error: unknown, debug: boolean): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const more = debug
    ? asMessage(stackOf(error))
    : 'Run it again with BOXLITE_DEBUG=1 to see where.';
  return `boxlite: this is a bug in BoxLite: ${asMessage(abridged(what))}\n${more}\n`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
