import { BoxliteError } from '../../errors.js';
import type { BoxSpec } from './box-spec.js';
import { DEFAULT_MEMORY_MIB, MIN_MEMORY_MIB } from './defaults.js';
import { inRange } from './whole-number.js';

/** @throws invalid-argument */
export function settleMemory(options: {
  memoryMib?: number | undefined;
  memoryReservationMib?: number | undefined;
}): Pick<BoxSpec, 'memoryMib' | 'memoryReservationMib'> {
  const memoryMib = checkMemory(options.memoryMib ?? DEFAULT_MEMORY_MIB);
  const { memoryReservationMib = 0 } = options;
  if (memoryReservationMib === 0) return { memoryMib };
  inRange('memory reservation', memoryReservationMib, 1, 2 ** 22);
  if (memoryReservationMib > memoryMib)
    throw new BoxliteError(
      'invalid-argument',
      'Minimum memory limit can not be less than memory reservation limit, see usage',
      { hint: `the box has ${memoryMib} MiB: give it more by --memory` },
    );
  return { memoryMib, memoryReservationMib };
}

function checkMemory(mib: number): number {
  if (mib < MIN_MEMORY_MIB)
    throw new BoxliteError(
      'invalid-argument',
      `${mib} MiB of memory is too little, the minimum is ${MIN_MEMORY_MIB} MiB`,
    );
  return inRange('memory', mib, MIN_MEMORY_MIB, 2 ** 22);
}
