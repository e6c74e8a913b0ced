import { expect, test } from 'vitest';
import { newBox, temporaryDatabase } from './store-fixture.js';

const NOTHING = {
  boxes_created: 0,
  boxes_failed: 0,
  boxes_stopped: 0,
  commands_executed: 0,
  exec_errors: 0,
};

test('a new home has counted nothing', () => {
  expect(temporaryDatabase().counters.all()).toEqual(NOTHING);
});

test('what is made and what ends is counted with it, and outlasts the box', () => {
  const { boxes, counters } = temporaryDatabase();
  const { id } = boxes.insert(newBox(1));
  boxes.insert(newBox(2));
  boxes.transition(id, ['configured'], 'running', { startedAt: 5 });
  boxes.transition(id, ['running'], 'stopping');
  boxes.transition(id, ['stopping'], 'stopped');
  boxes.transition(id, ['stopped'], 'stopped', { exitCode: 1 });
  // A run that nobody saw begin.
  boxes.transition(id, ['stopped'], 'stopped', { startedAt: 9 });
  boxes.remove(id, ['stopped']);
  expect(counters.all()).toEqual({ ...NOTHING, boxes_created: 2, boxes_stopped: 2 });
});

test('an insert that fails counts nothing', () => {
  const { boxes, counters } = temporaryDatabase();
  boxes.insert(newBox(1, { name: 'web' }));
  expect(() => boxes.insert(newBox(2, { name: 'web' }))).toThrow();
  expect(counters.all().boxes_created).toBe(1);
});

test('commands are counted for their box and for the home', () => {
  const { boxes, counters } = temporaryDatabase();
  const { id } = boxes.insert(newBox(1));
  counters.executed(id, true);
  counters.executed(id, true);
  counters.executed(id, false);
  counters.executed('gone', true);
  counters.boxFailed();
  expect(boxes.get(id)).toMatchObject({ commandsExecuted: 2, execErrors: 1 });
  boxes.remove(id, ['configured']);
  expect(counters.all()).toEqual({
    ...NOTHING,
    boxes_created: 1,
    boxes_failed: 1,
    commands_executed: 2,
    exec_errors: 1,
  });
});

test('a change of health is noticed by one, of this run, while it lasts', () => {
  const { boxes } = temporaryDatabase();
  const { id } = boxes.insert(newBox(1));
  expect(boxes.changeHealth(id, 5, 'healthy')).toBe(false);
  boxes.transition(id, ['configured'], 'running', { startedAt: 5 });
  expect(boxes.changeHealth(id, 5, 'healthy')).toBe(true);
  expect(boxes.changeHealth(id, 5, 'healthy')).toBe(false);
  expect(boxes.changeHealth(id, 4, 'unhealthy')).toBe(false);
  expect(boxes.changeHealth(id, 5, 'unhealthy')).toBe(true);
  boxes.transition(id, ['running'], 'stopped');
  expect(boxes.changeHealth(id, 5, 'healthy')).toBe(false);
  boxes.transition(id, ['stopped'], 'running', { startedAt: 7 });
  expect(boxes.get(id)?.health).toBeNull();
});
