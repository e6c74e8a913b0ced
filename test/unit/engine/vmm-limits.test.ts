import { expect, test } from 'vitest';
import { openFilesAllowed } from '../../../src/engine/vmm-limits.js';

const HEAD = 'Limit                     Soft Limit           Hard Limit           Units     \n';

test.each([
  ['Max open files            1024                 2048                 files     \n', 2048n],
  ['Max open files            1024                 1048576              files     \n', 1_048_576n],
  ['Max open files            unlimited            unlimited            files     \n', 4096n],
  ['Max locked memory         8388608              8388608              bytes     \n', 4096n],
])('of %j a VMM may be given no more than the hard limit', (line, allowed) => {
  expect(openFilesAllowed(HEAD + line)).toBe(allowed);
});
