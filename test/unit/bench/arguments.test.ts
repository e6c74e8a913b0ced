import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../bench/arguments.js';

describe('parseArguments', () => {
  it('takes 11 runs and podman when nothing is said', () => {
    expect(parseArguments([])).toEqual({
      help: false,
      runs: 11,
      json: undefined,
      setup: [],
      podman: true,
      pull: false,
      layout: undefined,
      network: false,
      volumes: false,
    });
  });

  it('takes pulls instead of boxes, and an image for them', () => {
    const { pull, layout } = parseArguments(['--pull', '--layout', '/images/a:v1']);
    expect([pull, layout]).toEqual([true, '/images/a:v1']);
  });

  it('takes the network instead of boxes', () => {
    expect(parseArguments(['--network']).network).toBe(true);
  });

  it.each([
    [['-n', '5'], 5],
    [['--runs=1'], 1],
    [['--quick'], 3],
    [['--quick', '-n', '4'], 4],
  ])('reads %j as %i runs', (argv, runs) => {
    expect(parseArguments(argv).runs).toBe(runs);
  });

  it('hands kernel and modules on to the set-up', () => {
    const { setup } = parseArguments(['--modules', '/m', '--kernel', '/k']);
    expect(setup).toEqual(['--kernel', '/k', '--modules', '/m']);
  });

  it.each(['0', '-1', '2.5', 'many', ''])('refuses %j runs', (runs) => {
    expect(() => parseArguments([`--runs=${runs}`])).toThrow(/whole number from 1 on/);
  });

  it('refuses what it does not know', () => {
    expect(() => parseArguments(['--fast'])).toThrow(/--fast/);
    expect(() => parseArguments(['more'])).toThrow(/more/);
  });
});
