import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AGENT_ANSWER_MS, answered, within } from '../../../../src/engine/machine/within.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const NEVER = new Promise<never>(() => undefined);
const BOX = { id: '01hzzboxzzzzzzzzzzzzzzzzzz', name: 'bob' };

describe('a wait with a deadline', () => {
  it('gives what comes in time, and leaves no timer', async () => {
    expect(await within(Promise.resolve(7), 1_000, 'bob', 'exec')).toBe(7);
    expect(await answered(Promise.resolve(8), BOX)).toBe(8);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('names the stage of a start that it was too long for', async () => {
    const failure = expect(within(NEVER, 2_000, 'bob', 'exec')).rejects.toMatchObject({
      code: 'timeout',
      message: 'box bob did not get past stage exec within 2 s',
      stage: 'exec',
    });
    await vi.advanceTimersByTimeAsync(2_000);
    await failure;
  });

  it('says that a box does not answer, by its name or else its id, and what to do', async () => {
    const named = expect(answered(NEVER, BOX)).rejects.toMatchObject({
      code: 'timeout',
      message: 'box bob does not answer',
      hint: 'when it is paused, unpause it first; else restart it',
      remedy: { action: 'restart', box: 'bob' },
    });
    const unnamed = expect(answered(NEVER, { ...BOX, name: null })).rejects.toMatchObject({
      message: 'box 01hzzboxzzzz does not answer',
    });
    await vi.advanceTimersByTimeAsync(AGENT_ANSWER_MS);
    await Promise.all([named, unnamed]);
  });
});
