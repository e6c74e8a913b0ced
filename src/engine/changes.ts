import { BoxliteError } from '../errors.js';
import type { EngineContext } from './context.js';
import { exportBox } from './export.js';
import { changesValues } from './guest-messages.js';

export interface BoxChange {
  kind: 'added' | 'changed' | 'deleted';
  /** Absolute; bytes that are no UTF-8 are replaced. */
  path: string;
  /** The same, byte for byte. */
  rawPath: Buffer;
}

const KINDS: Readonly<Record<string, BoxChange['kind']>> = {
  A: 'added',
  C: 'changed',
  D: 'deleted',
};

/** What a box may make us hold; a million changes take a tenth of it. */
const MAX_BYTES = 2 ** 29;

/**
 * What a box has changed of its image's file system, sorted by path. A box that does not run is read by
 * a machine that runs nothing of the box's.
 * @throws box-not-found, and what a start may throw
 */
export async function boxChanges(context: EngineContext, id: string): Promise<BoxChange[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of exportBox(context, id, changesValues())) {
    size += chunk.length;
    if (size > MAX_BYTES)
      throw new BoxliteError('unsupported', `box ${id} has changed too much to be listed`, {
        hint: '`boxlite export` writes all of it to an archive',
      });
    chunks.push(chunk);
  }
  return parseChanges(Buffer.concat(chunks), id);
}

/** `A`, `C` or `D`, a path, a NUL, and so on. */
export function parseChanges(bytes: Buffer, id: string): BoxChange[] {
  const changes: BoxChange[] = [];
  for (let begin = 0; begin < bytes.length;) {
    const end = bytes.indexOf(0, begin);
    const kind = KINDS[String.fromCharCode(bytes[begin] ?? 0)];
    if (end === -1 || kind === undefined)
      throw new BoxliteError('protocol', `box ${id} told its changes in a way unknown here`);
    // A copy: the message is not to be kept alive by each of its names.
    const rawPath = Buffer.from(bytes.subarray(begin + 1, end));
    changes.push({ kind, path: rawPath.toString(), rawPath });
    begin = end + 1;
  }
  return changes.sort((a, b) => Buffer.compare(a.rawPath, b.rawPath));
}
