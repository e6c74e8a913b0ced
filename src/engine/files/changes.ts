import { BoxliteError } from '../../errors.js';
import { changesValues } from '../machine/guest-messages.js';
import { boxName } from '../spec/names/box-name.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { exportBox } from './export.js';

export interface BoxChange {
  kind: 'added' | 'changed' | 'deleted';
  /** Absolute; invalid UTF-8 is replaced. */
  path: string;
  /** The same, byte for byte. */
  rawPath: Buffer;
}

const KINDS: Readonly<Record<string, BoxChange['kind']>> = {
  A: 'added',
  C: 'changed',
  D: 'deleted',
};

/** Limits the memory that a box can make us use to about half a GiB. */
const MAX_CHANGES = 1_000_000;
const MAX_BYTES = 2 ** 28;
/** The limit for paths in layers, too (image/layer/path.ts). */
const MAX_PATH_BYTES = 2 ** 16;

const SLASH = 0x2f;

/**
 * What a box has changed in its image's file system, sorted by path. A helper machine, which runs nothing of
 * the box, reads a stopped box.
 * @throws box-not-found, and what a start may throw
 */
export async function boxChanges(context: EngineContext, id: string): Promise<BoxChange[]> {
  const reader = new ChangesReader(boxName(currentRecord(context, id)));
  for await (const chunk of exportBox(context, id, changesValues())) reader.push(chunk);
  return reader.end();
}

/** Reads `A`, `C` or `D`, a path, a NUL, and so on: untrusted, and split anywhere by frames. */
export class ChangesReader {
  readonly #box: string;
  readonly #maxChanges: number;
  readonly #changes: BoxChange[] = [];
  #bytes = 0;
  /** Parts of a change whose end has not come yet. */
  readonly #begun: Buffer[] = [];
  #begunBytes = 0;

  /** @param box its name */
  constructor(box: string, maxChanges = MAX_CHANGES) {
    this.#box = box;
    this.#maxChanges = maxChanges;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    let begin = 0;
    for (let end; (end = chunk.indexOf(0, begin)) !== -1; begin = end + 1)
      this.#add(chunk.subarray(begin, end));
    if (begin < chunk.length) this.#hold(chunk.subarray(begin));
    if (this.#bytes > MAX_BYTES || this.#changes.length > this.#maxChanges)
      throw new BoxliteError(
        'unsupported',
        `box ${this.#box} has changed too much to be listed: over ${this.#maxChanges} files or ${MAX_BYTES} bytes of names`,
        { hint: 'write all of it to an archive', remedy: { action: 'export', box: this.#box } },
      );
  }

  end(): BoxChange[] {
    if (this.#begunBytes > 0) throw this.#unknown();
    return this.#changes.sort((a, b) => Buffer.compare(a.rawPath, b.rawPath));
  }

  #hold(piece: Buffer): void {
    this.#begunBytes += piece.length;
    if (this.#begunBytes > MAX_PATH_BYTES) throw this.#unknown();
    // A copy: each name would keep the whole message alive.
    this.#begun.push(Buffer.from(piece));
  }

  #add(piece: Buffer): void {
    this.#hold(piece);
    const change = this.#begun.length === 1 ? this.#begun[0] : Buffer.concat(this.#begun);
    this.#begun.length = this.#begunBytes = 0;
    if (change === undefined) throw this.#unknown();
    const kind = KINDS[String.fromCharCode(change[0] ?? 0)];
    if (kind === undefined || change[1] !== SLASH) throw this.#unknown();
    const rawPath = change.subarray(1);
    this.#changes.push({ kind, path: rawPath.toString(), rawPath });
  }

  #unknown(): BoxliteError {
    return new BoxliteError(
      'protocol',
      `box ${this.#box} reported its changes in an unknown format`,
    );
  }
}
