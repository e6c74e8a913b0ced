const NS_PER_MS = 1_000_000;

/** Milliseconds as Go prints a duration, as in Docker's messages: `1m30s`, `1.5s`, `250ms`. */
export function goDuration(ms: number): string {
  if (ms <= 0) return '0s';
  if (ms < 1) return `${Number((ms * 1000).toFixed(3))}µs`;
  if (ms < 1000) return `${trimmed(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${trimmed((ms % 60_000) / 1000)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/**
 * Go's ParseDuration, in milliseconds: `1h15m30.5s`, `300ms`; a number without a unit only if it is 0.
 * @returns undefined for a malformed duration
 */
export function parseGoDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+|0)$/.exec(
    text,
  );
  if (match === null) return undefined;
  let ns = 0;
  for (const [, number, unit] of (match[2] ?? '').matchAll(
    /([\d.]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g,
  ))
    ns += Number(number) * (UNIT_NS[unit ?? ''] ?? NaN);
  return ((match[1] === '-' ? -1 : 1) * ns) / NS_PER_MS;
}

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};

const trimmed = (value: number): string => String(Number(value.toFixed(9)));
