/** The flags that decide how much of a command's output is kept, and how they map to the engine's options. */
import { LOG_DRIVERS, type LogPolicy, MOST_LOG_FILES } from '../../engine/spec/log-policy.js';
import { BoxliteError } from '../../errors.js';
import type { Settings } from '../config/settings.js';
import { splitPair } from '../flags/key-values.js';
import { wholeNumber } from '../flags/number.js';
import { parseLogBytes } from '../flags/size.js';
import { list, type OptionValues, value } from '../parse/command.js';

export const LOG_OPTIONS = {
  'log-driver': value(
    "What keeps the command's output: local (default) or json-file, the same here, or none",
    'DRIVER',
    { parse: parseDriver, complete: LOG_DRIVERS, emptyIsNone: true },
  ),
  'log-opt': list(
    'Bound what is kept: max-size=20m a file (default; -1: no bound), max-file=5 files',
    'KEY=VALUE',
    { complete: { keys: { 'max-size': undefined, 'max-file': undefined, compress: ['false'] } } },
  ),
} as const;

/** Options of Docker's drivers that BoxLite refuses. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['env', 'env-regex', 'labels', 'labels-regex', 'tag'].map(
    (key) => [key, 'lines of the log carry nothing but stream and time'] as const,
  ),
  ...['mode', 'max-buffer-size'].map(
    (key) => [key, 'output is logged before it is passed on, and none is dropped'] as const,
  ),
]);

/** Flags override the configuration's defaults. */
export function readLogPolicy(
  flags: OptionValues<typeof LOG_OPTIONS>,
  settings: Pick<Settings, 'logMaxBytes' | 'logMaxFiles'>,
): LogPolicy {
  const driver = flags['log-driver'];
  const given = new Map(flags['log-opt'].map((each) => splitPair(each)));
  for (const [key, text] of given) checkOption(key, text, driver ?? 'local');
  const bytes = optional(given, 'max-size', parseLogBytes);
  const files = optional(given, 'max-file', wholeNumber(1, MOST_LOG_FILES));
  // The configuration applies only to boxes that keep a log, and to logs with a limit.
  const maxBytes = driver === 'none' ? bytes : (bytes ?? settings.logMaxBytes);
  const maxFiles = driver === 'none' || maxBytes === -1 ? files : (files ?? settings.logMaxFiles);
  return {
    ...(driver !== undefined && { driver }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxFiles !== undefined && { maxFiles }),
  };
}

function parseDriver(name: string): (typeof LOG_DRIVERS)[number] {
  const found = LOG_DRIVERS.find((each) => each === name);
  if (found !== undefined) return found;
  throw new BoxliteError(
    'invalid-argument',
    `must be one of ${LOG_DRIVERS.join(', ')}: the output is kept with the box or not at all`,
  );
}

function checkOption(key: string, text: string, driver: string): void {
  const reason = REFUSED.get(key);
  if (reason !== undefined) throw new BoxliteError('unsupported', `log opt '${key}': ${reason}`);
  if (key === 'compress') {
    if (/^(?:0|f|false)$/i.test(text)) return;
    throw new BoxliteError('unsupported', "log opt 'compress': the output is kept as it is", {
      hint: 'leave it out, and bound the log by max-size and max-file',
    });
  }
  if (key !== 'max-size' && key !== 'max-file')
    throw new BoxliteError(
      'invalid-argument',
      `unknown log opt '${key}' for ${driver} log driver`,
      { hint: 'max-size and max-file are known' },
    );
}

function optional(
  given: ReadonlyMap<string, string>,
  key: string,
  parse: (text: string) => number,
): number | undefined {
  const text = given.get(key);
  try {
    return text === undefined ? undefined : parse(text);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw new BoxliteError('invalid-argument', `invalid value for ${key}: ${error.message}`, {
      cause: error,
    });
  }
}
