import { BoxliteError } from '../errors.js';
import { Interrupted } from './interrupted.js';
import { TargetFailures } from './targets.js';

/** The lines that tell a person what went wrong and, below it, what to do. */
export function describeError(error: unknown, debug: boolean): string {
  if (error instanceof Interrupted) return '';
  if (error instanceof TargetFailures)
    return error.failures.map((each) => describeError(each, debug)).join('');
  if (!(error instanceof BoxliteError)) return describeBug(error, debug);
  const stack = debug ? `${stackOf(error)}\n` : '';
  const hint = error.hint === undefined ? '' : `${error.hint}\n`;
  return `boxlite: ${error.message}\n${hint}${stack}`;
}

function describeBug(error: unknown, debug: boolean): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const more = debug ? stackOf(error) : 'Run it again with BOXLITE_DEBUG=1 to see where.';
  return `boxlite: this is a bug in BoxLite: ${what}\n${more}\n`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
