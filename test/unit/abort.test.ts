import { expect, test } from 'vitest';
import { onAbort, throwIfAborted, unlessAborted } from '../../src/abort.js';

const CANCELLED = { name: 'BoxliteError', code: 'cancelled', message: 'the start was cancelled' };

test('a promise is given as it is, without a signal and before one aborts', async () => {
  const { signal } = new AbortController();
  await expect(unlessAborted(Promise.resolve(1), undefined, 'it')).resolves.toBe(1);
  await expect(unlessAborted(Promise.resolve(1), signal, 'it')).resolves.toBe(1);
  await expect(unlessAborted(Promise.reject(new Error('x')), signal, 'it')).rejects.toThrow('x');
});

test('a signal that has aborted already refuses with its reason as the cause', async () => {
  const reason = new Error('no longer wanted');
  const signal = AbortSignal.abort(reason);
  const refusal = { ...CANCELLED, cause: reason };
  expect(() => throwIfAborted(signal, 'the start')).toThrow(expect.objectContaining(refusal));
  await expect(unlessAborted(Promise.resolve(1), signal, 'the start')).rejects.toMatchObject(
    refusal,
  );
});

test('a signal that aborts meanwhile ends the wait, also for what never comes', async () => {
  const controller = new AbortController();
  const waiting = unlessAborted(new Promise(() => undefined), controller.signal, 'the start');
  controller.abort('enough');
  await expect(waiting).rejects.toMatchObject({ ...CANCELLED, cause: 'enough' });
});

test('a listener that is disposed of is not called', () => {
  const controller = new AbortController();
  const calls: string[] = [];
  onAbort(controller.signal, () => calls.push('disposed'))[Symbol.dispose]();
  using _kept = onAbort(controller.signal, () => calls.push('kept'));
  controller.abort();
  using _late = onAbort(controller.signal, () => calls.push('late'));
  expect(calls).toEqual(['kept', 'late']);
});
