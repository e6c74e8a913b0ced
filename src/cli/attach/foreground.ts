import type { CommandContext } from '../process/context.js';
import { catchSignals } from './signals.js';

/** A use of the terminal, which a process may make only while it is in the foreground. */
export interface TerminalUse extends Disposable {
  /** Called again after each stop of this process, since the shell has set its own mode in between. */
  begin(): void;
  /** Leaves the terminal as it is: another process has it now. */
  pause(): void;
  /** Restores the terminal before a stop by TSTP. Without this, somebody else handles that signal. */
  release?: (() => void) | undefined;
}

/** A shell's `fg` sends no signal to a running job, so we poll; a person waits at most this long. */
const LOOK_AGAIN_MS = 500;

/**
 * Uses the terminal only while this process is in its foreground. `timeout` and `&` start it in the
 * background, where the kernel would stop it. A TERM would then never be handled, because the call that
 * stopped the process is restarted first.
 */
export function whileInForeground(
  { inBackground, signals, stop }: Pick<CommandContext, 'inBackground' | 'signals' | 'stop'>,
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
  // Another group can take the terminal of a running process only by stopping that process first.
  const continued = catchSignals(signals, ['SIGCONT'], follow);
  const { release } = use;
  const suspended =
    release &&
    catchSignals(signals, ['SIGTSTP'], () => {
      use.pause();
      release();
      stop();
    });
  follow();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      continued[Symbol.dispose]();
      suspended?.[Symbol.dispose]();
      use[Symbol.dispose]();
    },
  };
}
