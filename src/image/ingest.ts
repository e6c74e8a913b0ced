import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from '../home.js';
import { makePrivateDirectory } from '../private-files.js';
import { withClaim } from './claim.js';
import { adoptBlob, type BlobDescriptor, hasBlob } from './content-store.js';
import { hashFor, parseDigest } from './digest.js';
import { lend } from './lend.js';

/** Opens the blob's bytes from `offset` on. */
export type BlobOpener = (offset: number) => Promise<AsyncIterable<Uint8Array>>;

export interface IngestOptions {
  /**
   * Is given the whole blob, from its first byte and as it arrives; its last read throws when the
   * blob is not what it must be. Called again when a resumed download had to begin anew.
   */
  consume?: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  /** Bytes of the blob that are here, those of an earlier attempt included. */
  onBytes?: (received: number) => void;
  /** Another process is fetching the same blob; we wait for it. */
  onWait?: (pid: number) => void;
  signal?: AbortSignal;
}

/**
 * Brings a blob into the content store: to a partial file, hashed on the way, checked for size and
 * then digest, synced and renamed. A partial file of an earlier attempt is continued. Of several
 * processes one downloads and the others wait for it.
 * @returns `present` when the blob was here already; then `consume` was not called
 * @throws BoxliteError `image-corrupt` when the bytes are not what the descriptor says
 */
export async function ingestBlob(
  home: Home,
  blob: BlobDescriptor,
  openFrom: BlobOpener,
  options: IngestOptions = {},
): Promise<'received' | 'present'> {
  if (await hasBlob(home, blob)) return 'present';
  const { algorithm, hex } = parseDigest(blob.digest);
  const path = join(home.partial(), `${algorithm}-${hex}`);
  try {
    await makePrivateDirectory(home.partial());
  } catch (error) {
    throw fileError(error, `make ${home.partial()}`);
  }
  return withClaim(`${path}.claim`, { ...options, what: `blob ${blob.digest}` }, async () => {
    if (await hasBlob(home, blob)) return 'present';
    await receive(home, path, blob, openFrom, options);
    return 'received';
  });
}

async function receive(
  home: Home,
  path: string,
  blob: BlobDescriptor,
  openFrom: BlobOpener,
  options: IngestOptions,
): Promise<void> {
  const transfer = new Transfer(path, blob, openFrom, options);
  try {
    await transfer.run();
  } catch (error) {
    if (!transfer.mismatched) throw error;
    await rm(path, { force: true });
    // The bytes at fault may be those that an earlier attempt left; then one from the start decides.
    if (transfer.resumedAt === 0) throw error;
    await new Transfer(path, blob, openFrom, options).run().catch(async (again: unknown) => {
      if (again instanceof BoxliteError && again.code === 'image-corrupt')
        await rm(path, { force: true });
      throw again;
    });
  }
  await adoptBlob(home, path, blob.digest);
}

/** One attempt at one blob. */
class Transfer {
  mismatched = false;
  resumedAt = 0;
  private received = 0;
  /** The write that is under way: while the disk takes a piece, the next one comes in. */
  private written: Promise<void> = Promise.resolve();
  private readonly hash: Hash;

  constructor(
    private readonly path: string,
    private readonly blob: BlobDescriptor,
    private readonly openFrom: BlobOpener,
    private readonly options: IngestOptions,
  ) {
    this.hash = hashFor(blob.digest);
  }

  async run(): Promise<void> {
    const file = await this.openPartial();
    try {
      const bytes = this.bytes(file);
      let fault: BoxliteError | undefined;
      try {
        await this.options.consume?.(lend(bytes));
      } catch (error) {
        // Nonsense in a layer may be the layer's own or the line's: the digest tells, so read on.
        if (this.mismatched || !isAboutContent(error)) throw error;
        fault = error;
      }
      // A consumer may stop at the end of what it understands; the digest is over everything.
      while ((await bytes.next()).done !== true);
      if (fault !== undefined) throw fault;
    } finally {
      // No write may be under way when the file is closed; that it failed is told already.
      await this.written.catch(() => undefined);
      await file.close();
    }
  }

  private async openPartial(): Promise<FileHandle> {
    try {
      const file = await open(this.path, 'a+', 0o600);
      const { size } = await file.stat();
      if (size > this.blob.size) await file.truncate(0);
      else this.resumedAt = size;
      return file;
    } catch (error) {
      throw fileError(error, `open ${this.path}`);
    }
  }

  private async *bytes(file: FileHandle): AsyncGenerator<Uint8Array, void> {
    if (this.resumedAt > 0) {
      const end = this.resumedAt - 1;
      for await (const chunk of createReadStream(this.path, { end }) as AsyncIterable<Buffer>)
        yield this.take(chunk);
    }
    if (this.received < this.blob.size)
      for await (const chunk of await this.openFrom(this.received)) {
        if (this.received + chunk.length > this.blob.size)
          throw this.mismatch('is longer than that');
        await this.written;
        this.written = append(file, chunk, this.path);
        // The failure is met by whoever awaits next; it must not count as unhandled until then.
        this.written.catch(() => undefined);
        yield this.take(chunk);
      }
    if (this.received < this.blob.size) throw this.mismatch(`ends after ${this.received} bytes`);
    const digest = `${parseDigest(this.blob.digest).algorithm}:${this.hash.digest('hex')}`;
    if (digest !== this.blob.digest) throw this.mismatch(`has the digest ${digest}`);
    await this.written;
    await file.datasync();
  }

  private take(chunk: Uint8Array): Uint8Array {
    this.options.signal?.throwIfAborted();
    this.hash.update(chunk);
    this.received += chunk.length;
    this.options.onBytes?.(this.received);
    return chunk;
  }

  private mismatch(fault: string): BoxliteError {
    this.mismatched = true;
    return new BoxliteError(
      'image-corrupt',
      `blob ${this.blob.digest} of ${this.blob.size} bytes was refused: what came ${fault}`,
    );
  }
}

function isAboutContent(error: unknown): error is BoxliteError {
  return (
    error instanceof BoxliteError &&
    (error.code === 'layer-invalid' || error.code === 'image-corrupt')
  );
}

async function append(file: FileHandle, chunk: Uint8Array, path: string): Promise<void> {
  try {
    await file.appendFile(chunk);
  } catch (error) {
    throw fileError(error, errnoOf(error) === undefined ? 'write' : `write ${path}`);
  }
}
