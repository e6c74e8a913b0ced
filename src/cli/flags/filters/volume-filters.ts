import type { VolumeInfo } from '../../../engine/volumes/info.js';
import { VOLUME_DRIVER } from '../../output/rows/volume-row.js';
import type { KeyCompletion } from '../../parse/command.js';
import { splitPair } from '../key-values.js';
import { filterPattern, invalidFilter, labelTest, parseFilters } from './filters.js';
import { parseBoolean } from './prune-filters.js';

/** The keys and values that the shells offer. */
export const VOLUME_FILTER_KEYS: KeyCompletion = {
  keys: {
    dangling: ['true', 'false'],
    driver: [VOLUME_DRIVER],
    label: undefined,
    name: 'volume',
  },
};

/** Those of `volume prune`. */
export const VOLUME_PRUNE_KEYS: KeyCompletion = {
  keys: { label: undefined, 'label!': undefined, all: ['true', 'false'] },
};

/** @throws BoxliteError for an unknown key or an impossible value */
export function parseVolumeFilters(filters: readonly string[]): (volume: VolumeInfo) => boolean {
  return parseFilters<VolumeInfo>(filters, {
    dangling: (value) => {
      const wanted = parseBoolean('dangling', value);
      return ({ boxes }) => (boxes.length === 0) === wanted;
    },
    driver: (value) => () => value === VOLUME_DRIVER,
    label: (value) => {
      const test = labelTest(value);
      return ({ labels }) => test(labels);
    },
    name: (value) => {
      const pattern = filterPattern('name', value);
      return ({ name }) => pattern.test(name);
    },
  });
}

/**
 * `label=K[=V]` (each must be present), `label!=K[=V]` (none may be), `all=true`, as `-a`.
 * @throws BoxliteError for any other key
 */
export function parseVolumePruneFilters(filters: readonly string[]): {
  all: boolean;
  matches: (volume: VolumeInfo) => boolean;
} {
  let all = false;
  const tests: ((volume: VolumeInfo) => boolean)[] = [];
  for (const text of filters) {
    const [key, value] = splitPair(text);
    if (key === 'all') all ||= parseBoolean(key, value);
    else if (key === 'label' || key === 'label!') {
      const test = labelTest(value);
      tests.push(({ labels }) => test(labels) === (key === 'label'));
    } else throw invalidFilter(key, value, 'filters are label, label! and all, each with =VALUE');
  }
  return { all, matches: (volume) => tests.every((test) => test(volume)) };
}
