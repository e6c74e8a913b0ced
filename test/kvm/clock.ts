import { check } from './case.js';
import type { SiteHome } from './site.js';

/** The guest's second lies between two looks at the host's, or a second beside it. */
export async function clockOf(home: SiteHome, box: string): Promise<string> {
  const before = Date.now() / 1000;
  const guest = Number(await home.sh(box, 'date +%s'));
  const after = Date.now() / 1000;
  const seen = `${(guest - before).toFixed(1)} s after the look began, ${(after - guest).toFixed(1)} s before it ended`;
  check(guest >= before - 1.5 && guest <= after + 0.5, seen);
  return seen;
}
