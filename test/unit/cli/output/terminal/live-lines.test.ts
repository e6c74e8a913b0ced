import { describe, expect, it } from 'vitest';
import { LiveLines } from '../../../../../src/cli/output/terminal/live-lines.js';
import { Screen } from '../../../../helpers/screen.js';
import { Sink } from '../../fake-world.js';

function terminal(columns = 40): { sink: Sink; lines: LiveLines; screen: () => Screen } {
  const sink = new Sink();
  sink.columns = columns;
  const lines = new LiveLines(sink);
  return { sink, lines, screen: () => new Screen(sink.columns ?? 80).write(sink.text()) };
}

describe('live lines', () => {
  it('change in place, with the cursor below them', () => {
    const { lines, screen } = terminal();
    lines.show(['a: 1', 'b: 1']);
    lines.show(['a: 2', 'b: 1']);
    expect(screen().lines).toEqual(['a: 2', 'b: 1']);
    expect(screen().cursor).toEqual([2, 0]);
  });

  it('write only what changed, and nothing when nothing did', () => {
    const { sink, lines } = terminal();
    lines.show(['first', 'second', 'third']);
    const before = sink.text().length;
    lines.show(['first', 'second', 'third']);
    expect(sink.text()).toHaveLength(before);
    lines.show(['first', 'other', 'third']);
    expect(sink.text().slice(before)).toBe('\r\x1b[2Aother\x1b[K\n\x1b[1B');
  });

  it.each<[what: string, steps: string[][]]>([
    ['become more', [['a'], ['a', 'b'], ['a', 'b', 'c']]],
    ['become fewer', [['a', 'b', 'c'], ['b']]],
    [
      'become shorter',
      [
        ['a long one', 'b'],
        ['a', 'b'],
      ],
    ],
    ['go away', [['a', 'b'], []]],
    [
      'change all',
      [
        ['a', 'b'],
        ['c', 'd', 'e'],
      ],
    ],
  ])('may %s', (_, steps) => {
    const { lines, screen } = terminal();
    for (const step of steps) lines.show(step);
    expect(screen().lines).toEqual(steps.at(-1));
    expect(screen().cursor).toEqual([steps.at(-1)?.length, 0]);
  });

  it('stay in their columns when what is typed is echoed below them', () => {
    const { sink, lines, screen } = terminal();
    lines.show(['a: 1', 'b: 1']);
    sink.write('^C');
    lines.show(['a: 2', 'b: 1']);
    expect(screen().lines).toEqual(['a: 2', 'b: 1', '^C']);
    expect(screen().cursor).toEqual([2, 0]);
  });

  it('let others go above them and stay where they are left', () => {
    const { lines, screen } = terminal();
    lines.show(['busy']);
    lines.above('said');
    lines.show(['done']);
    lines.leave();
    lines.above('after');
    expect(screen().lines).toEqual(['said', 'done', 'after']);
  });

  it('take nothing of what is above when the terminal becomes narrower and breaks them', () => {
    const { sink, lines } = terminal(40);
    lines.above('above');
    lines.show(['x'.repeat(30), 'y'.repeat(10)]);
    const broken = new Screen(20).write(sink.text());
    expect(broken.lines).toHaveLength(4);
    sink.columns = 20;
    const before = sink.text().length;
    lines.show(['short', 'too']);
    expect(broken.write(sink.text().slice(before)).lines).toEqual([
      'above',
      'x'.repeat(20),
      'short',
      'too',
    ]);
  });
});
