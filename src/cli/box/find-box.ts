import type { LiteBox } from '../../engine/box.js';
import type { BoxliteRuntime } from '../../engine/runtime.js';
import { noSuchBox } from '../../engine/state/state-error.js';

/** @throws BoxliteError `box-not-found`, or `box-ambiguous` from the engine */
export async function findBox(runtime: BoxliteRuntime, idOrName: string): Promise<LiteBox> {
  const box = await runtime.get(idOrName);
  if (box === undefined) throw noSuchBox(idOrName);
  return box;
}
