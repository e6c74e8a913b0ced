import { BoxliteError } from '../../errors.js';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * A moment for `--since` and `--until`: RFC 3339 (date, time and zone each optional from the right,
 * local time without a zone), seconds since 1970 with a fraction, or a Go duration before `now`.
 */
export function parseMoment(text: string, now: Date): Date {
  const moment = parseUnix(text) ?? parseAgo(text, now) ?? parseDate(text);
  if (moment !== undefined && !Number.isNaN(moment.getTime())) return moment;
  throw new BoxliteError(
    'invalid-argument',
    `invalid time "${text}": give an RFC 3339 date, seconds since 1970, or a duration such as 42m`,
  );
}

/** `1h30m`, `42m`, `1.5s` → milliseconds; undefined when it is not a Go duration. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^[+-]?(?:\d+(?:\.\d+)?(?:ns|us|\u00b5s|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|\u00b5s|ms|s|m|h)/g))
    sum += Number(number) * (UNIT_MS[unit ?? ''] ?? NaN);
  return text.startsWith('-') ? -sum : sum;
}

function parseUnix(text: string): Date | undefined {
  return /^\d+(?:\.\d+)?$/.test(text) ? new Date(Number(text) * 1000) : undefined;
}

function parseAgo(text: string, now: Date): Date | undefined {
  const ago = parseDurationMs(text);
  return ago === undefined ? undefined : new Date(now.getTime() - ago);
}

function parseDate(text: string): Date | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2}(?:\.\d+)?))?)?)?(Z|[+-]\d{2}:\d{2})?$/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, day = '', hour = '00', minute = '00', second = '00', zone = ''] = match;
  return new Date(`${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
}
