import { expect, test } from 'vitest';
import * as status from '../../../src/store/status.js';

const PREDICATES = {
  isActive: ['running', 'stopping'],
  isRunning: ['running'],
  isConfigured: ['configured'],
  isStopped: ['stopped'],
  isTransient: ['stopping'],
  canStart: ['configured', 'stopped'],
  canStop: ['running'],
  canRemove: ['unknown', 'configured', 'stopped'],
  canRun: ['configured', 'running', 'stopped'],
} as const;

test.each(Object.entries(PREDICATES))('%s holds for %s and no other status', (name, expected) => {
  const predicate = status[name as keyof typeof PREDICATES];
  expect(status.BOX_STATUSES.filter(predicate)).toEqual(expected);
});

test('a word that is no status is told apart', () => {
  expect(status.isBoxStatus('paused')).toBe(false);
  expect(status.isBoxStatus('running')).toBe(true);
});
