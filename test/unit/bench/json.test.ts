import { expect, it } from 'vitest';
import { flatNumbers } from '../../bench/json.js';

it('numbers within objects carry the path to them, and all else is left out', () => {
  const timings = { prepareMs: 1.5, guest: { disksMs: 2, note: 'x' }, list: [3], none: null };
  expect(flatNumbers(timings)).toEqual({ prepareMs: 1.5, 'guest.disksMs': 2 });
});
