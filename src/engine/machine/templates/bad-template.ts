import { BoxliteError } from '../../../errors.js';
import type { Template } from '../../../vmm/template/template.js';

/**
 * No machine came up from this template, which may have caused the failure: the VMM did not take it, or no agent
 * answered. That is known only when the same start does better without it, for a caller's limits, a lack of memory
 * or a busy host look alike.
 */
export class BadTemplate extends BoxliteError {
  constructor(
    readonly template: Template,
    error: BoxliteError,
  ) {
    const { hint, remedy, stage } = error;
    super(error.code, error.message, {
      cause: error,
      ...(hint !== undefined && { hint }),
      ...(remedy !== undefined && { remedy }),
      ...(stage !== undefined && { stage }),
    });
  }
}

/** A VMM that somebody killed proves nothing about what it was started from, nor does one that lacked something. */
export function mayBeTemplatesFault(error: unknown): error is BoxliteError {
  return error instanceof BoxliteError && (error.code === 'vmm-failed' || error.code === 'timeout');
}

/** The guest came up and the command caused the failure. */
export function isCommandFailure(error: unknown): boolean {
  return error instanceof BoxliteError && error.code.startsWith('exec-');
}
