import { constants } from 'node:os';
import { BoxliteError } from '../errors.js';

const SIGNALS: Readonly<Record<string, number>> = constants.signals;
const HIGHEST = 64;
const RTMIN = 34;
const RTMAX = 64;

/**
 * A signal's Linux number, from `KILL`, `SIGKILL`, `9` or `RTMIN+3`.
 * @throws invalid-argument
 */
export function signalNumber(signal: string | number): number {
  const text = String(signal).trim().toUpperCase();
  const number = /^\d+$/.test(text)
    ? Number(text)
    : numberOf(text.startsWith('SIG') ? text : `SIG${text}`);
  if (number !== undefined && number >= 1 && number <= HIGHEST) return number;
  throw new BoxliteError('invalid-argument', `invalid signal "${signal}"`, {
    hint: 'use a name such as TERM or SIGKILL, or a number from 1 to 64',
  });
}

/** `SIGTERM`, `SIGRTMIN+3`; a number for the two nameless signals that the C library reserves. */
export function signalName(number: number): string {
  const name = Object.keys(SIGNALS).find((each) => SIGNALS[each] === number);
  if (name !== undefined) return name;
  if (number < RTMIN || number > RTMAX) return String(number);
  const [above, below] = [number - RTMIN, RTMAX - number];
  if (above <= 15) return above === 0 ? 'SIGRTMIN' : `SIGRTMIN+${above}`;
  return below === 0 ? 'SIGRTMAX' : `SIGRTMAX-${below}`;
}

/** Real-time signals count from both ends, 34 and 64, as Docker and `kill -l` name them. */
function numberOf(name: string): number | undefined {
  const match = /^SIGRT(?:MIN(\+\d+)?|MAX(-\d+)?)$/.exec(name);
  if (match === null) return SIGNALS[name];
  const [, above = 0, below = 0] = match;
  const number = name.startsWith('SIGRTMIN') ? RTMIN + Number(above) : RTMAX + Number(below);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}
