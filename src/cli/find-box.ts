import { BoxliteError } from '../errors.js';
import type { LiteBox } from '../engine/box.js';
import type { BoxliteRuntime } from '../engine/runtime.js';

/** @throws BoxliteError `box-not-found`, or `box-ambiguous` from the engine */
export async function findBox(runtime: BoxliteRuntime, idOrName: string): Promise<LiteBox> {
  const box = await runtime.get(idOrName);
  if (box === undefined) throw noSuchBox(idOrName);
  return box;
}

export function noSuchBox(idOrName: string): BoxliteError {
  return new BoxliteError('box-not-found', `No such box: ${idOrName}`, {
    hint: "Run 'boxlite ps -a' to see all boxes.",
  });
}
