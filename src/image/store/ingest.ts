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
 * How much of a blob is still read after its content proved bad, since only its digest shows
 * whether the transfer or the author is at fault. A larger one is not read on: its manifest may
 * claim any size.
 */
const VERDICT_BYTES = 16 * 2 ** 20;

/** Opens the blob's bytes from `offset` on. */
export type BlobOpener = (offset: number) => Promise<AsyncIterable<Uint8Array>>;

export interface IngestOptions {
  /**
   * Receives the whole blob, from its first byte and as it arrives; its last read throws when the
   * blob does not match its descriptor. Called again when a resumed download has to restart.
   */
  consume?: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  /** How many bytes of the blob are here, including those of an earlier attempt. */
  onBytes?: (received: number) => void;
  /** Another process is fetching the same blob, and we wait for it. */
  onWait?: (pid: number) => void;
  signal?: AbortSignal;
}

/**
 * Brings a blob into the content store: writes a partial file while hashing it, checks size, then
 * digest, syncs and renames it. Continues a partial file of an earlier attempt; deletes that of a
 * refused blob at once. Of several processes, one downloads and the others wait for it.
 * @returns `present` when the blob was already here; `consume` was then not called
 * @throws BoxliteError `image-corrupt` when the bytes don't match the descriptor
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

/** The file in which a blob grows during its download. */
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
    // The bad bytes may come from an earlier attempt; then a download from the start decides.
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
  /** `proved` when the bytes match the digest and are bad all the same. */
  refused: 'in doubt' | 'proved' | undefined;
  resumedAt = 0;
  private received = 0;
  /** The current write: the next piece arrives while the disk takes this one. */
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
      // A consumer may stop at the end of what it understands; the digest covers everything.
      while ((await bytes.next()).done !== true);
      if (fault === undefined) return;
      this.refused = 'proved';
      throw fault;
    } finally {
      // Stop reading from a server that sends more.
      await bytes.return();
      // No write may be pending when the file is closed; its failure is already reported.
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
    // The next await reports the failure; until then it must not count as an unhandled rejection.
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
