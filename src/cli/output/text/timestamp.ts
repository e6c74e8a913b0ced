/** `2026-11-23 23:38:44 +0000 UTC`, as Go prints a time, in UTC. */
export function goTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}

/** The same with the fraction of the second that it has, without zeros at its end. */
export function goTimeOf(date: Date): string {
  const fraction = String(date.getUTCMilliseconds()).padStart(3, '0').replace(/0+$/, '');
  return goTime(date).replace(' +', `${fraction === '' ? '' : `.${fraction}`} +`);
}

/** `2026-11-23T23:38:44Z`, as Go formats RFC 3339, in UTC. */
export function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with all nine digits, so that lines of a log stay aligned. */
export function rfc3339Nano(ns: bigint): string {
  const second = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}
