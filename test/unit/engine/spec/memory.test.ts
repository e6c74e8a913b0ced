import { expect, test } from 'vitest';
import { settleMemory } from '../../../../src/engine/spec/memory.js';

const TOO_LITTLE = 'MiB of memory is too little, the minimum is 128 MiB';

test.each([
  [{}, { memoryMib: 512 }],
  [{ memoryMib: 128 }, { memoryMib: 128 }],
  [{ memoryMib: 256, memoryReservationMib: 0 }, { memoryMib: 256 }],
  [
    { memoryMib: 256, memoryReservationMib: 256 },
    { memoryMib: 256, memoryReservationMib: 256 },
  ],
])('%j is %j', (options, memory) => {
  expect(settleMemory(options)).toEqual(memory);
});

test.each([
  [{ memoryMib: 127 }, `127 ${TOO_LITTLE}`],
  [{ memoryMib: -1 }, `-1 ${TOO_LITTLE}`],
  [{ memoryMib: Infinity }, 'memory must be a whole number from 128 to 4194304, not Infinity'],
  [
    { memoryMib: 256, memoryReservationMib: 257 },
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  ],
  [
    { memoryReservationMib: -1 },
    'memory reservation must be a whole number from 1 to 4194304, not -1',
  ],
])('%j is refused', (options, message) => {
  expect(() => settleMemory(options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message }),
  );
});
