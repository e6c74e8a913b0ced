import { constants } from 'node:os';
import type { SignalHandler, SignalSource } from '../context.js';

/** They end a program that does not say otherwise, and come from people and supervisors. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Left out: what can't be caught; CHLD, PIPE, URG and WINCH, which are about this process; PROF,
 * which is the engine's own; and faults, which would only come again after the handler.
 */
const KEPT = new Set<string>([
  ...['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGPIPE', 'SIGURG', 'SIGWINCH', 'SIGPROF'],
  ...['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS', 'SIGABRT', 'SIGIOT'],
]);

/** One name a number: SIGPOLL is SIGIO, and a listener for each would send it twice. */
export const FORWARDED_SIGNALS: readonly NodeJS.Signals[] = [
  ...new Map(
    Object.entries(constants.signals)
      .filter(([name]) => !KEPT.has(name))
      .map(([name, number]) => [number, name as NodeJS.Signals]),
  ).values(),
];

/** Handles the signals until the result is disposed of. */
export function catchSignals(
  source: SignalSource,
  signals: readonly NodeJS.Signals[],
  handler: SignalHandler,
): Disposable {
  for (const signal of signals) source.on(signal, handler);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) source.off(signal, handler);
    },
  };
}
