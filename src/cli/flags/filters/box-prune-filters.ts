import type { BoxInfo } from '../../../engine/state/box-info.js';
import { invalidFilter } from './filters.js';
import { parsePruneFilters } from './prune-filters.js';

/**
 * `until=MOMENT` (created before it), `label=K[=V]` (each must be present), `label!=K[=V]` (none may be).
 * @throws BoxliteError for any other key
 */
export function parseBoxPruneFilters(
  filters: readonly string[],
  now: Date,
): (box: BoxInfo) => boolean {
  const { matches, dangling } = parsePruneFilters(filters, now);
  if (dangling !== undefined)
    throw invalidFilter('dangling', String(dangling), 'only images can be dangling');
  return matches;
}
