import type { EngineContext } from '../../state/context.js';
import { type Finding, ok } from './check.js';

/** Opens the database, which needs SQLite built for this Node.js, and reads from it. */
export function checkDatabase({ home, database }: EngineContext): Finding {
  const boxes = database().boxes.list().length;
  return ok(`${home.database()}, ${boxes} ${boxes === 1 ? 'box' : 'boxes'}`);
}
