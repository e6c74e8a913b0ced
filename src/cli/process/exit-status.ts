/** The only table from failures to exit statuses; only main.ts reads it. */
import { BoxliteError, type ErrorCode } from '../../errors.js';
import { TemplateError } from '../output/template-error.js';
import { Interrupted } from './interrupted.js';
import { TargetFailures } from './targets.js';

const STATUS_OF_CODE: Partial<Record<ErrorCode, number>> = {
  'exec-not-invocable': 126,
  'exec-not-found': 127,
};
const MALFORMED_TEMPLATE = 64;
const FAILED = 1;

/** @param failureStatus the command's status for failures of BoxLite: 125 if it runs a command in a box */
export function exitStatusOf(error: unknown, failureStatus: number = FAILED): number {
  if (error instanceof Interrupted) return error.status;
  if (error instanceof TargetFailures) return FAILED;
  if (error instanceof TemplateError) return MALFORMED_TEMPLATE;
  const status = error instanceof BoxliteError ? STATUS_OF_CODE[error.code] : undefined;
  return failureStatus === FAILED ? FAILED : (status ?? failureStatus);
}
