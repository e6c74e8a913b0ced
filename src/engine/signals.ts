import { constants } from 'node:os';
import { BoxliteError } from '../errors.js';

const SIGNALS: Readonly<Record<string, number>> = constants.signals;
const HIGHEST = 64;

/**
 * A signal's Linux number, from `KILL`, `SIGKILL`, `9` or a real-time signal's number.
 * @throws invalid-argument
 */
export function signalNumber(signal: string | number): number {
  const text = String(signal).trim().toUpperCase();
  const number = /^\d+$/.test(text)
    ? Number(text)
    : SIGNALS[text.startsWith('SIG') ? text : `SIG${text}`];
  if (number !== undefined && number >= 1 && number <= HIGHEST) return number;
  throw new BoxliteError('invalid-argument', `invalid signal "${signal}"`, {
    hint: 'use a name such as TERM or SIGKILL, or a number from 1 to 64',
  });
}

/** `SIGTERM`; a real-time signal, which has no name, is its number. */
export function signalName(number: number): string {
  return Object.keys(SIGNALS).find((name) => SIGNALS[name] === number) ?? String(number);
}
