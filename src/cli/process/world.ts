import { isInBackground } from './background.js';
import type { CommandContext } from './context.js';
import { ProcessSignals } from './process-signals.js';
import type { StandardStreams } from './standard-streams.js';

/** The parts of a command's context that exist before the settings are known. */
export type World = Pick<
  CommandContext,
  'environment' | 'stdin' | 'stdout' | 'stderr' | 'signals' | 'inBackground' | 'stop' | 'now'
> & {
  /** Called when errors should include their stack. */
  readonly onDebug?: () => void;
};

/** Creates a world from this process' own streams, environment, signals and clock. */
export function createWorld(
  streams: Pick<StandardStreams, 'stdout' | 'stderr'>,
  onDebug: () => void,
): World {
  return {
    onDebug,
    environment: process.env,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return streams.stdout;
    },
    get stderr() {
      return streams.stderr;
    },
    signals: new ProcessSignals(),
    inBackground: isInBackground,
    stop: () => void process.kill(process.pid, 'SIGSTOP'),
    now: () => new Date(),
  };
}
