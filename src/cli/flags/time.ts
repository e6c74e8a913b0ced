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

const MILLISECOND = 1_000_000n;
const FIRST_NS = -8_640_000_000_000_000n * MILLISECOND;
const LAST_NS = -FIRST_NS;

/** Like `parseMomentNs`, to the millisecond. */
export function parseMoment(text: string, now: Date): Date {
  return new Date(Number(parseMomentNs(text, now) / MILLISECOND));
}

/**
 * Parses a moment of `--since` or `--until` to nanoseconds since 1970: RFC 3339 (date, time and zone, each
 * optional from the right; local time without a zone), seconds since 1970 with a fraction, or a Go duration
 * before `now`.
 */
export function parseMomentNs(text: string, now: Date): bigint {
  const moment = parseUnix(text) ?? parseAgo(text, now) ?? parseDate(text);
  if (moment !== undefined && moment >= FIRST_NS && moment <= LAST_NS) return moment;
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

function parseUnix(text: string): bigint | undefined {
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return seconds === undefined
    ? undefined
    : BigInt(seconds) * 1000n * MILLISECOND + ofSecond(fraction);
}

function parseAgo(text: string, now: Date): bigint | undefined {
  const ago = parseDurationMs(text);
  if (ago === undefined || !Number.isFinite(ago)) return undefined;
  return BigInt(now.getTime()) * MILLISECOND - BigInt(Math.round(ago * 1e6));
}

/** Nanoseconds from a fraction's digits; digits after the ninth are cut off. */
const ofSecond = (digits: string): bigint => BigInt(digits.slice(0, 9).padEnd(9, '0'));

/** Go also accepts a comma before the fraction, as ISO 8601 does. */
function parseDate(text: string): bigint | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?)?(Z|[+-]\d{2}:\d{2})?$/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, day = '', hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
  const ms = Date.parse(`${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * MILLISECOND + ofSecond(fraction);
}
