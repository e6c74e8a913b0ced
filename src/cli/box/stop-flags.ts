/** The flags that `stop` and `restart` share, and how they map to the engine's options. */
import type { StopOptions } from '../../engine/spec/options.js';
import { wholeNumber } from '../flags/number.js';
import { type OptionValues, value } from '../parse/command.js';

export const STOP_OPTIONS = {
  signal: value("Signal to ask with (default: the image's, else TERM)", 'SIGNAL', {
    short: 's',
    emptyIsNone: true,
  }),
  // Docker has renamed this flag; scripts still use the older name.
  timeout: value('Seconds to wait before killing; -1 waits for ever (default 10)', 'SECONDS', {
    short: 't',
    parse: wholeNumber(-1),
  }),
  time: value('Older name of --timeout', 'SECONDS', { hidden: true, parse: wholeNumber(-1) }),
} as const;

export function readStopOptions(flags: OptionValues<typeof STOP_OPTIONS>): StopOptions {
  const timeoutSeconds = flags.timeout ?? flags.time;
  return {
    ...(flags.signal !== undefined && { stopSignal: flags.signal }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  };
}
