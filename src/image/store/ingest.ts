import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { withClaim } from '../../host/claim.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { hashFor, parseDigest } from '../oci/digest.js';
import { adoptBlob, type BlobDescriptor, hasBlob } from './content-store.js';
import { lend } from './lend.js';

/**
 * So much is still read of a blob whose content has proved bad, since only its digest tells whether the line is
 * at fault or the author. Of a larger one no more is taken: it may be as large as its manifest likes.
 */
const VERDICT_BYTES = 16 * 2 ** 20;

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
 * then digest, synced and renamed. A partial file of an earlier attempt is continued; that
 * of a blob which is refused goes at once. Of several processes one downloads and the others wait for it.
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
  const path = partialPath(home, blob.digest);
  makePrivateDirectory(home.partial());
  return withClaim(`${path}.claim`, { ...options, what: `blob ${blob.digest}` }, async () => {
    if (await hasBlob(home, blob)) return 'present';
    await receive(home, path, blob, openFrom, options);
    return 'received';
  });
}

/** Where a blob grows that is being fetched. */
export function partialPath(home: Home, digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return join(home.partial(), `${algorithm}-${hex}`);
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
    await attempt(transfer);
  } catch (error) {
    // The bytes at fault may be those that an earlier attempt left; then one from the start decides.
    if (transfer.refused !== 'in doubt' || transfer.resumedAt === 0) throw error;
    await attempt(new Transfer(path, blob, openFrom, options));
  }
  await adoptBlob(home, path, blob.digest);
}

async function attempt(transfer: Transfer): Promise<void> {
  try {
    await transfer.run();
  } finally {
    if (transfer.refused !== undefined) await rm(transfer.path, { force: true });
  }
}

/** One attempt at one blob. */
class Transfer {
  /** `proved` when the bytes are what the digest says, and bad all the same. */
  refused: 'in doubt' | 'proved' | undefined;
  resumedAt = 0;
  private received = 0;
  /** The write that is under way: while the disk takes a piece, the next one comes in. */
  private written: Promise<void> = Promise.resolve();
  private readonly hash: Hash;

  constructor(
    readonly path: string,
    private readonly blob: BlobDescriptor,
    private readonly openFrom: BlobOpener,
    private readonly options: IngestOptions,
  ) {
    this.hash = hashFor(blob.digest);
  }

  async run(): Promise<void> {
    const file = await this.openPartial();
    const bytes = this.bytes(file);
    try {
      let fault: BoxliteError | undefined;
      try {
        await this.options.consume?.(lend(bytes));
      } catch (error) {
        if (this.refused !== undefined || !isAboutContent(error)) throw error;
        fault = error;
        this.refused = 'in doubt';
        if (this.blob.size - this.received > VERDICT_BYTES) throw fault;
      }
      // A consumer may stop at the end of what it understands; the digest is over everything.
      while ((await bytes.next()).done !== true);
      if (fault === undefined) return;
      this.refused = 'proved';
      throw fault;
    } finally {
      // Whoever sends more is not listened to.
      await bytes.return();
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
        if (this.refused === undefined) await this.keep(file, chunk);
        yield this.take(chunk);
      }
    if (this.received < this.blob.size) throw this.mismatch(`ends after ${this.received} bytes`);
    const digest = `${parseDigest(this.blob.digest).algorithm}:${this.hash.digest('hex')}`;
    if (digest !== this.blob.digest) throw this.mismatch(`has the digest ${digest}`);
    await this.written;
    await file.datasync();
  }

  private async keep(file: FileHandle, chunk: Uint8Array): Promise<void> {
    await this.written;
    this.written = append(file, chunk, this.path);
    // The failure is met by whoever awaits next; it must not count as unhandled until then.
    this.written.catch(() => undefined);
  }

  private take(chunk: Uint8Array): Uint8Array {
    this.options.signal?.throwIfAborted();
    this.hash.update(chunk);
    this.received += chunk.length;
    this.options.onBytes?.(this.received);
    return chunk;
  }

  private mismatch(fault: string): BoxliteError {
    this.refused = 'in doubt';
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
