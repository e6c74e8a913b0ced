import { constants } from 'node:os';
import type { SignalHandler, SignalSource } from '../process/context.js';

/** They end a program that does not say otherwise, and come from people and supervisors. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Left out: what can't be caught; CHLD, PIPE and URG, which are about this process; TTIN and TTOU, by which
 * its terminal stops it in the background: caught, they would have the read or the change of mode tried
 * again for ever; and faults, which would only come again after the handler.
 */
const KEPT = new Set<string>([
  ...['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGPIPE', 'SIGURG', 'SIGTTIN', 'SIGTTOU'],
  ...['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS'],
]);

/** One name a number, the usual one: SIGPOLL is SIGIO, and a listener for each would send it twice. */
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
