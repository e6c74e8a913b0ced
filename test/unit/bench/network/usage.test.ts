import { describe, expect, it } from 'vitest';
import { processorTime, sleeps } from '../../../bench/network/usage.js';

describe('processorTime', () => {
  it('adds what a program and the kernel took for it, whatever its name', () => {
    const stat = '7 (a ) name) S 1 7 7 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 1 0';
    expect(processorTime(stat)).toBe(420);
  });
});

describe('sleeps', () => {
  it('counts how often a thread gave its processor up by itself', () => {
    expect(sleeps('Name:\tx\nvoluntary_ctxt_switches:\t17\nnonvoluntary_ctxt_switches:\t4\n')).toBe(
      17,
    );
    expect(sleeps('')).toBe(0);
  });
});
