import { expect, test } from 'vitest';
import { openRuntime, temporaryHome } from '../helpers/tiny-runtime.js';

test('a preflight names what is missing with its remedy, and throws nothing', async () => {
  const { ok, problems } = await openRuntime(temporaryHome()).check();
  expect(ok).toBe(false);
  const kernel = problems.find(({ code }) => code === 'kernel');
  expect(kernel).toMatchObject({
    severity: 'fault',
    message: expect.stringContaining('there is no guest kernel in ') as string,
  });
  for (const { code, message, hint } of problems)
    expect([code, message !== '', hint !== '']).toEqual([code, true, true]);
});
