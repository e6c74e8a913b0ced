import type { PruneCandidate } from '../../../engine/images/prune.js';
import { BoxliteError } from '../../../errors.js';
import type { KeyCompletion } from '../../parse/command.js';
import { splitPair } from '../key-values.js';
import { parseMoment } from '../time.js';
import { invalidFilter, labelTest } from './filters.js';

/** The keys and values that the shells offer. */
export const PRUNE_FILTER_KEYS: KeyCompletion = {
  keys: { until: undefined, label: undefined, 'label!': undefined, dangling: ['true', 'false'] },
};

/** Those of what can't be dangling. */
export const KEEP_FILTER_KEYS: KeyCompletion = {
  keys: { until: undefined, label: undefined, 'label!': undefined },
};

export interface PruneFilters {
  matches: (image: PruneCandidate) => boolean;
  /** `dangling=false` selects every unused image, as `-a` does. */
  dangling: boolean | undefined;
}

/**
 * `until=MOMENT` (created before it), `label=K[=V]` (each must be present), `label!=K[=V]` (none may be),
 * `dangling=true|false`.
 * @throws BoxliteError for any other key, and for a second `until`
 */
export function parsePruneFilters(filters: readonly string[], now: Date): PruneFilters {
  const tests: ((image: PruneCandidate) => boolean)[] = [];
  let until: Date | undefined;
  let dangling: boolean | undefined;
  for (const text of filters) {
    const [key, value] = splitPair(text);
    if (key === 'until') {
      if (until !== undefined) throw invalidFilter(key, value, 'give one until alone');
      const moment = parseMoment(value, now);
      until = moment;
      tests.push(({ createdAt }) => createdAt < moment);
    } else if (key === 'label') {
      const test = labelTest(value);
      tests.push(({ labels }) => test(labels));
    } else if (key === 'label!') {
      const test = labelTest(value);
      tests.push(({ labels }) => !test(labels));
    } else if (key === 'dangling') dangling = parseBoolean(key, value);
    else throw unknown(key);
  }
  return { matches: (image) => tests.every((test) => test(image)), dangling };
}

/**
 * The same without `dangling`, for boxes and networks.
 * @throws BoxliteError for any other key
 */
export function parseKeepFilters(
  filters: readonly string[],
  now: Date,
): (candidate: PruneCandidate) => boolean {
  const { matches, dangling } = parsePruneFilters(filters, now);
  if (dangling !== undefined)
    throw invalidFilter('dangling', String(dangling), 'only images can be dangling');
  return matches;
}

export function parseBoolean(key: string, value: string): boolean {
  if (!/^(?:true|false|1|0)$/.test(value)) throw invalidFilter(key, value, 'true or false');
  return value === 'true' || value === '1';
}

function unknown(key: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid filter '${key}'`, {
    hint: 'filters are until, label, label! and dangling, each with =VALUE',
  });
}
