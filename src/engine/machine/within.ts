import { BoxliteError } from '../../errors.js';
import { boxName } from '../spec/names/box-name.js';

/** Waits for a stage of a start, at most until its deadline. @throws timeout, naming the stage */
export function within<T>(promise: Promise<T>, ms: number, box: string, stage: string): Promise<T> {
  return orLate(promise, ms, () => {
    const text = `box ${box} did not get past stage ${stage} within ${ms / 1000} s`;
    return new BoxliteError('timeout', text, { stage });
  });
}

/** The agent of a running box answers at once, on a busy host within seconds; in a frozen machine, never. */
export const AGENT_ANSWER_MS = 60_000;

/** Waits for the agent of a running box. @throws timeout */
export function answered<T>(
  promise: Promise<T>,
  box: { id: string; name: string | null },
): Promise<T> {
  return orLate(promise, AGENT_ANSWER_MS, () => noAnswer(boxName(box)));
}

/** @param name of the box */
export function noAnswer(name: string): BoxliteError {
  return new BoxliteError('timeout', `box ${name} does not answer`, {
    hint: 'when it is paused, unpause it first; else restart it',
    remedy: { action: 'restart', box: name },
  });
}

export async function orLate<T>(
  promise: Promise<T>,
  ms: number,
  late: () => BoxliteError,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late()), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** The longest delay of a timer in Node: 24 days. Longer ones fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @returns whether it ended in time */
export async function endsWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(ms, LONGEST_TIMER_MS));
  });
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
