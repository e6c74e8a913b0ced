import { describe, expect, it } from 'vitest';
import { PullProgress } from '../../../../../src/cli/output/terminal/pull-progress.js';
import type { PullEvent } from '../../../../../src/engine/images/images.js';
import { NOW } from '../../fake-world.js';

type LayerEvent = Extract<PullEvent, { type: 'layer' }>;

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

function progress(...events: LayerEvent[]): PullProgress {
  const pull = new PullProgress('Downloading');
  for (const event of events) pull.take(event, NOW);
  return pull;
}

describe('the progress of a pull', () => {
  it('is a line for each step where nothing changes in place', () => {
    const pull = new PullProgress('Downloading');
    const common = { type: 'layer', digest: digest('a') } as const;
    const events: LayerEvent[] = [
      { ...common, status: 'queued' },
      { ...common, status: 'waiting', pid: 7 },
      { ...common, status: 'downloading', bytes: 5, total: 10 },
      { ...common, status: 'downloading', bytes: 10, total: 10 },
      { ...common, status: 'unpacking' },
      { ...common, status: 'unpacking' },
      { ...common, status: 'done' },
    ];
    expect(events.map((event) => pull.take(event, NOW))).toEqual([
      'aaaaaaaaaaaa: Pulling fs layer',
      'aaaaaaaaaaaa: Waiting',
      undefined,
      undefined,
      'aaaaaaaaaaaa: Download complete',
      undefined,
      'aaaaaaaaaaaa: Pull complete',
    ]);
  });

  it('is a line a layer on a terminal, in the image’s order', () => {
    const pull = progress(
      { type: 'layer', digest: digest('a'), status: 'exists' },
      { type: 'layer', digest: digest('b'), status: 'downloading', bytes: 0, total: 4_000_000 },
      { type: 'layer', digest: digest('c'), status: 'waiting', pid: 42 },
      { type: 'layer', digest: digest('d'), status: 'unpacking' },
      { type: 'layer', digest: digest('e'), status: 'done' },
      { type: 'layer', digest: digest('f'), status: 'queued' },
    );
    const event = { type: 'layer', digest: digest('b'), status: 'downloading' } as const;
    pull.take({ ...event, bytes: 1_000_000, total: 4_000_000 }, later(1000));
    expect(pull.lines(later(1000), 39, 20)).toEqual([
      'aaaaaaaaaaaa: Already exists',
      'bbbbbbbbbbbb: 1MB/4MB 1MB/s 3s left'.replace(' left', ''),
      'cccccccccccc: Waiting for process 42',
      'dddddddddddd: Extracting',
      'eeeeeeeeeeee: Pull complete',
      'ffffffffffff: Waiting',
    ]);
  });

  it.each([10, 39, 79])('has no line over %i columns', (columns) => {
    const pull = progress(
      { type: 'layer', digest: digest('a'), status: 'exists' },
      { type: 'layer', digest: digest('b'), status: 'downloading', bytes: 1e12, total: 1e15 },
      { type: 'layer', digest: digest('c'), status: 'waiting', pid: 4_194_303 },
    );
    for (const line of pull.lines(later(900_000), columns, 20))
      expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('is those that go on and a sum where a terminal has too few rows', () => {
    const common = { type: 'layer' } as const;
    const pull = progress(
      ...['0', '1', '2', '3'].map((d) => ({
        ...common,
        digest: digest(d),
        status: 'done' as const,
      })),
      ...['4', '5'].map((d) => ({ ...common, digest: digest(d), status: 'unpacking' as const })),
      ...['6', '7'].map((d) => ({ ...common, digest: digest(d), status: 'queued' as const })),
    );
    expect(pull.lines(NOW, 79, 4)).toEqual([
      '444444444444: Extracting',
      '555555555555: Extracting',
      '4 of 8 layers complete',
    ]);
    expect(pull.lines(NOW, 79, 8)).toHaveLength(8);
  });
});
