/** Prints as Go does what the JSON has as a number of nanoseconds or as RFC 3339. */
import { goDuration } from '../../../go-duration.js';
import { shown } from './go-type.js';

export const duration = shown(0, (ns) => goDuration(Number(ns) / 1e6));

/** `2026-11-23 23:38:44.5 +0000 UTC` */
export const time = shown('0001-01-01T00:00:00Z', (json) =>
  String(json)
    .replace('T', ' ')
    .replace(/(?:(\.\d*?)0*)?Z$/, (_, fraction = '') => {
      return `${fraction === '.' ? '' : String(fraction)} +0000 UTC`;
    }),
);
