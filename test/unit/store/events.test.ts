import { describe, expect, test } from 'vitest';
import { MOST_EVENTS, type NewEvent } from '../../../src/store/events.js';
import { newBox, temporaryDatabase } from './store-fixture.js';

const event = (action: string, time?: number): NewEvent => ({
  type: 'container',
  action,
  actor: 'x',
  attributes: { a: 'ä' },
  ...(time === undefined ? {} : { time }),
});

test('events come back as they were written, in the order of writing after an id', () => {
  const { events } = temporaryDatabase();
  expect(events.newest()).toBe(0);
  events.add(event('start', 500));
  const first = events.newest();
  events.add(event('die', 400));
  events.add(event('stop'));
  expect(events.after(first).map(({ action, time }) => [action, time])).toEqual([
    ['die', 400],
    ['stop', 1_000],
  ]);
  expect(events.after(0)[0]).toEqual({ id: first, ...event('start', 500) });
});

test('history is in the order of what happened, from a time on and up to an id', () => {
  const { events } = temporaryDatabase();
  for (const time of [500, 300, 400, 100]) events.add(event('e', time));
  const newest = events.newest();
  events.add(event('later', 450));
  expect(events.since(300, newest).map(({ time }) => time)).toEqual([300, 400, 500]);
});

test('only the newest are kept', () => {
  const database = temporaryDatabase();
  database.write(() => {
    for (let i = 0; i < MOST_EVENTS + 50; i += 1) database.events.add(event(`e${i}`));
  });
  const kept = database.events.after(0);
  expect(kept).toHaveLength(MOST_EVENTS);
  expect(kept[0]?.action).toBe('e50');
});

test('an event goes with the change it tells of, or not at all', () => {
  const database = temporaryDatabase();
  expect(() =>
    database.write(() => {
      database.boxes.insert(newBox(1));
      throw new Error('undone');
    }),
  ).toThrow('undone');
  expect(database.events.after(0)).toEqual([]);
});

describe('a box', () => {
  test('is told of with its image, its name and its labels', () => {
    const database = temporaryDatabase();
    const options = { labels: { tier: 'web' } };
    const { id } = database.boxes.insert(newBox(1, { name: 'web', options }));
    database.boxes.rename(id, 'www');
    expect(database.boxes.remove(id, ['running'])).toBe(false);
    database.boxes.remove(id, ['configured']);
    expect(database.events.after(0).map((each) => [each.action, each.attributes])).toEqual([
      ['create', { image: 'busybox', name: 'web', tier: 'web' }],
      ['rename', { image: 'busybox', name: 'www', tier: 'web', oldName: 'web' }],
      ['destroy', { image: 'busybox', name: 'www', tier: 'web' }],
    ]);
  });
});

test('a restart of the host is seen once', () => {
  const { hostBoot } = temporaryDatabase();
  const seen: string[] = [];
  for (const bootId of ['one', 'one', 'two', 'two']) hostBoot.note(bootId, () => seen.push(bootId));
  expect(seen).toEqual(['two']);
});
