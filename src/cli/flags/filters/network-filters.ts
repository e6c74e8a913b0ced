import type { ShownNetwork } from '../../network/all-networks.js';
import { driverOf, SCOPE } from '../../output/rows/network-row.js';
import type { KeyCompletion } from '../../parse/command.js';
import { filterPattern, invalidFilter, labelTest, parseFilters } from './filters.js';
import { parseBoolean } from './prune-filters.js';

const TYPES = ['builtin', 'custom'];
const SCOPES = ['local', 'global', 'swarm'];

/** The keys and values that the shells offer. */
export const NETWORK_FILTER_KEYS: KeyCompletion = {
  keys: {
    dangling: ['true', 'false'],
    driver: ['bridge', 'null'],
    id: undefined,
    label: undefined,
    name: 'network',
    scope: SCOPES,
    type: TYPES,
  },
};

/** @throws BoxliteError for an unknown key or an impossible value */
export function parseNetworkFilters(
  filters: readonly string[],
): (network: ShownNetwork) => boolean {
  return parseFilters<ShownNetwork>(filters, {
    dangling: (value) => {
      const wanted = parseBoolean('dangling', value);
      return (network) => isDangling(network) === wanted;
    },
    driver: (value) => (network) => driverOf(network) === value,
    id: (value) => {
      const pattern = filterPattern('id', value);
      return ({ id }) => pattern.test(id);
    },
    label: (value) => {
      const test = labelTest(value);
      return ({ labels }) => test(labels);
    },
    name: (value) => {
      const pattern = filterPattern('name', value);
      return ({ name }) => pattern.test(name);
    },
    scope: (value) => {
      if (!SCOPES.includes(value)) throw invalidFilter('scope', value, SCOPES.join(', '));
      return () => value === SCOPE;
    },
    type: (value) => {
      if (!TYPES.includes(value)) throw invalidFilter('type', value, TYPES.join(' or '));
      return ({ builtIn }) => (builtIn === undefined) === (value === 'custom');
    },
  });
}

/** Docker's rule: one that was created, and that no running box is in. */
const isDangling = ({ builtIn, boxes }: ShownNetwork): boolean =>
  builtIn === undefined && boxes.every(({ running }) => !running);
