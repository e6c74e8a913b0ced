import { BoxliteError } from '../../errors.js';

/**
 * Asks mirrors, then the registry itself (the last host), until one has the image. A mirror is
 * optional: after any failure, the next host is asked.
 * @throws the registry's own error, with a line for each mirror that failed before
 */
export async function firstThatHas<H extends { readonly name: string }, T>(
  hosts: readonly H[],
  work: (host: H) => Promise<T>,
): Promise<T> {
  const failures: BoxliteError[] = [];
  for (const host of hosts) {
    try {
      return await work(host);
    } catch (error) {
      if (!(error instanceof BoxliteError) || error.code === 'cancelled') throw error;
      if (host === hosts.at(-1)) throw withMirrors(error, failures);
      failures.push(error);
    }
  }
  throw new Error('a registry has at least itself to be asked');
}

function withMirrors(error: BoxliteError, failures: readonly BoxliteError[]): BoxliteError {
  if (failures.length === 0) return error;
  const lines = failures.map((failure) => `\n  of its mirrors: ${failure.message}`).join('');
  return new BoxliteError(error.code, `${error.message}${lines}`, {
    cause: new AggregateError([error, ...failures]),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
