import { BoxliteError } from '../../../errors.js';
import type { Template } from '../../../vmm/template/template.js';
import { LateCopy } from '../volumes/copy-up.js';

/**
 * No machine came up from this template, which may be the cause: the VMM rejected it, or no agent answered.
 * Only a start that succeeds without it proves that: the caller's limits, a lack of memory or a busy host
 * look the same.
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

/** A VMM that was killed or that lacked a resource proves nothing about its template, nor does a copy too large. */
export function mayBeTemplatesFault(error: unknown): error is BoxliteError {
  if (error instanceof LateCopy) return false;
  return error instanceof BoxliteError && (error.code === 'vmm-failed' || error.code === 'timeout');
}

/** Whether the guest came up and the command caused the failure. */
export function isCommandFailure(error: unknown): boolean {
  return error instanceof BoxliteError && error.code.startsWith('exec-');
}
