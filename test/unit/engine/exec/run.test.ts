import { expect, test, vi } from 'vitest';
import { runToEnd } from '../../../../src/engine/exec/run.js';

test.each([NaN, -1, -Infinity])(
  'a maxBuffer of %d is refused before a command starts',
  async (maxBuffer) => {
    const exec = vi.fn<Parameters<typeof runToEnd>[0]>();
    await expect(runToEnd(exec, 'true', [], { maxBuffer })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: `maxBuffer must be at least 0, not ${maxBuffer}`,
    });
    expect(exec).not.toHaveBeenCalled();
  },
);
