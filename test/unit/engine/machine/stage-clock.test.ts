import { expect, onTestFinished, test, vi } from 'vitest';
import { StageClock } from '../../../../src/engine/machine/stage-clock.js';

test('each stage takes from the one before to its own end, in tenths of a millisecond', () => {
  const { clock, at } = clockAt(1_000);
  at(1_012.34);
  clock.lap('prepare');
  at(1_050);
  clock.lap('shim');
  expect(clock.stages()).toEqual({ prepareMs: 12.3, shimMs: 37.7, totalMs: 50 });
});

test('the total ends with the last stage', () => {
  const { clock, at } = clockAt(0);
  at(5);
  clock.lap('prepare');
  at(500);
  expect(clock.stages()).toEqual({ prepareMs: 5, totalMs: 5 });
});

test('what the guest measured stands beside the stages and not in their total', () => {
  const { clock, at } = clockAt(0);
  at(8);
  clock.lap('bootstrap');
  clock.note('guest', { disksMs: 2.468, networkMs: 0 });
  const stages = clock.stages();
  expect(stages).toEqual({ bootstrapMs: 8, guest: { disksMs: 2.5, networkMs: 0 }, totalMs: 8 });
  expect(Object.keys(stages)).toEqual(['bootstrapMs', 'guest', 'totalMs']);
});

function clockAt(ms: number): { clock: StageClock; at: (ms: number) => void } {
  const now = vi.spyOn(performance, 'now').mockReturnValue(ms);
  onTestFinished(() => now.mockRestore());
  return { clock: new StageClock(), at: (next) => void now.mockReturnValue(next) };
}
