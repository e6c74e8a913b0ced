import { BoxliteError } from '../errors.js';

/** Waits for a stage of a start, but not longer than its deadline. @throws timeout, naming the stage */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  box: string,
  stage: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () =>
            reject(
              new BoxliteError(
                'timeout',
                `box ${box} did not get past stage ${stage} within ${ms / 1000} s`,
                { stage },
              ),
            ),
          ms,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
