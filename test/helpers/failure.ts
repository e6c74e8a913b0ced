import { BoxliteError } from '../../src/errors.js';

/** Returns the error that the work fails with; any but a BoxliteError is thrown. */
export async function failure(work: Promise<unknown>): Promise<BoxliteError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BoxliteError) return error;
  throw new Error(`expected a BoxliteError, got ${String(error)}`);
}
