import type { CommandContext } from '../process/context.js';
import { catchSignals } from './signals.js';

/** Of the terminal, which a process may use only while it is in the foreground. */
export interface TerminalUse extends Disposable {
  /** Called again after each stop of this process: the shell has set its own mode meanwhile. */
  begin(): void;
  /** Leaves the terminal as it is: somebody else has it now. */
  pause(): void;
}

/** A shell's `fg` sends nothing to a job that runs, so a person waits for this long. */
const LOOK_AGAIN_MS = 500;

/**
 * Uses the terminal only while this process is in its foreground. `timeout` and `&` start it in the background, where
 * the kernel would stop it; a TERM would then never arrive, as the call that stopped it is restarted first.
 */
export function whileInForeground(
  { inBackground, signals }: Pick<CommandContext, 'inBackground' | 'signals'>,
  use: TerminalUse,
): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const follow = (): void => {
    clearInterval(timer);
    timer = undefined;
    if (!inBackground()) {
      use.begin();
      return;
    }
    use.pause();
    timer = setInterval(() => {
      if (!inBackground()) follow();
    }, LOOK_AGAIN_MS).unref();
  };
  // Another group gets the terminal of a running process only by stopping it first.
  const continued = catchSignals(signals, ['SIGCONT'], follow);
  follow();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      continued[Symbol.dispose]();
      use[Symbol.dispose]();
    },
  };
}
