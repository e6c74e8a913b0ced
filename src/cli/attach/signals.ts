import { constants } from 'node:os';
import type { SignalHandler, SignalSource } from '../process/context.js';

/** Signals from people and supervisors that end a program by default. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Signals that are not forwarded: those that can't be caught; CHLD, PIPE and URG, which concern this process;
 * TTIN and TTOU, by which the terminal stops a background process: if they were caught, the read or mode
 * change would be retried for ever; and faults, which would recur after the handler.
 */
const KEPT = new Set<string>([
  ...['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGPIPE', 'SIGURG', 'SIGTTIN', 'SIGTTOU'],
  ...['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS'],
]);

/**
 * One name per number, the usual one: SIGPOLL is SIGIO, and a listener for each would send the signal twice.
 */
export const FORWARDED_SIGNALS: readonly NodeJS.Signals[] = [
  ...new Map(
    Object.entries(constants.signals)
      .filter(([name]) => !KEPT.has(name))
      .reverse()
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
