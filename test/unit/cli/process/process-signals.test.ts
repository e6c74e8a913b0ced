import { describe, expect, it, vi } from 'vitest';
import { ProcessSignals } from '../../../../src/cli/process/process-signals.js';

const raise = process.kill.bind(process, process.pid);

/** libuv hands signals on in the order in which they came: when one more has, those before it have. */
const told = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGWINCH', () => resolve());
    raise('SIGWINCH');
  });

describe('the signals of the process', () => {
  it('are told to all who listen', async () => {
    const signals = new ProcessSignals();
    const [first, second] = [vi.fn(), vi.fn()];
    signals.on('SIGUSR2', first);
    signals.on('SIGUSR2', second);
    process.kill(process.pid, 'SIGUSR2');
    await told();
    signals.off('SIGUSR2', first);
    process.kill(process.pid, 'SIGUSR2');
    await told();
    expect(first.mock.calls).toEqual([['SIGUSR2']]);
    expect(second.mock.calls).toEqual([['SIGUSR2'], ['SIGUSR2']]);
    signals.off('SIGUSR2', second);
    process.removeAllListeners('SIGUSR2');
  });

  it('are not lost between one who listens and the next', async () => {
    const signals = new ProcessSignals();
    const [before, after] = [vi.fn(), vi.fn()];
    signals.on('SIGUSR2', before);
    process.kill(process.pid, 'SIGUSR2');
    signals.off('SIGUSR2', before);
    signals.on('SIGUSR2', after);
    await told();
    expect(before).not.toHaveBeenCalled();
    expect(after).toHaveBeenCalledOnce();
    process.removeAllListeners('SIGUSR2');
  });

  it('do what they do by default when nobody listens any more', async () => {
    const signals = new ProcessSignals();
    const handler = vi.fn();
    signals.on('SIGUSR2', handler);
    process.kill(process.pid, 'SIGUSR2');
    signals.off('SIGUSR2', handler);
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    await told();
    expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGUSR2');
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    kill.mockRestore();
  });
});
