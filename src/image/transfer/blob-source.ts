import { BoxliteError } from '../../errors.js';
import type { Descriptor } from '../oci/manifest.js';
import { blobBytes } from '../registry/blob-stream.js';
import type { RegistryClient, RegistryOptions } from '../registry/client.js';
import { isInsecure, isMarkedInsecure } from '../registry/endpoint.js';
import { HttpTransport } from '../registry/http/http.js';
import { transportFailure } from '../registry/registry-error.js';
import { DEFAULT_RETRY } from '../registry/retry.js';
import type { BlobOpener } from '../store/ingest.js';

/** A manifest may name as many addresses as it likes. */
const MAX_URLS = 4;

/**
 * Where a blob's bytes come from: the descriptor itself (`data`), the registry, or, if that lacks
 * it, the addresses in the descriptor (`urls`; OCI image-spec, descriptor.md). The consumer still
 * checks size and digest.
 */
export function blobSource(
  client: RegistryClient,
  repository: string,
  blob: Descriptor,
  options: RegistryOptions,
): BlobOpener {
  const { data, urls } = blob;
  if (data !== undefined) return (offset) => Promise.resolve(inline(data, offset));
  const fromRegistry: BlobOpener = (offset) => client.blob(repository, blob, offset);
  if (urls === undefined) return fromRegistry;
  return async (offset) => {
    try {
      return await fromRegistry(offset);
    } catch (error) {
      if (!isMissing(error)) throw error;
      const { insecure = [] } = options;
      // If the registry is on this machine, the host of its foreign layers may be too.
      const rule = isInsecure(client.registry, insecure) ? isInsecure : isMarkedInsecure;
      const inTheClear = (host: string): boolean => rule(host, insecure);
      return fromAddresses(
        blob,
        urls.slice(0, MAX_URLS),
        offset,
        { ...options, inTheClear },
        error,
      );
    }
  };
}

async function* inline(data: Buffer, offset: number): AsyncGenerator<Uint8Array> {
  if (offset < data.length) yield await Promise.resolve(data.subarray(offset));
}

function isMissing(error: unknown): error is BoxliteError {
  return (
    error instanceof BoxliteError &&
    (error.code === 'image-corrupt' || error.code === 'registry-auth')
  );
}

interface AddressOptions extends RegistryOptions {
  /** Whether the user allows plain HTTP to this host. */
  inTheClear: (host: string) => boolean;
}

/**
 * Uses the first address that answers. If none does, the error is the registry's, which ought to
 * have the blob.
 */
async function fromAddresses(
  blob: Descriptor,
  urls: readonly string[],
  offset: number,
  options: AddressOptions,
  reason: BoxliteError,
): Promise<AsyncIterable<Uint8Array>> {
  const failures: unknown[] = [reason];
  for (const url of urls) {
    try {
      return await fromAddress(blob, url, offset, options);
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      failures.push(error);
    }
  }
  const told = failures.map((failure) =>
    failure instanceof Error ? `\n  ${failure.message}` : '',
  );
  throw new BoxliteError(reason.code, `foreign layer ${blob.digest} is nowhere:${told.join('')}`, {
    cause: new AggregateError(failures),
    hint: 'ask who made the image for one without foreign layers',
  });
}

/**
 * A manifest chooses these addresses, so they get no credentials (CVE-2020-15157: a foreign layer's
 * host received the registry's), and plain HTTP only if the user allows it.
 */
async function fromAddress(
  blob: Descriptor,
  address: string,
  offset: number,
  options: AddressOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const insecure = url !== undefined && options.inTheClear(url.host);
  if (url?.protocol !== 'https:' && !(insecure && url.protocol === 'http:'))
    throw new BoxliteError('unsupported', `${JSON.stringify(address)} is no https address`);
  // An address may include a name and a password, which fetch refuses and we don't send.
  url.username = url.password = '';
  const { signal, trust, proxyFor, timeouts } = options;
  const transport = new HttpTransport({
    insecure,
    ...(trust && { trust }),
    ...(proxyFor && { proxyFor }),
    ...(timeouts && { timeouts }),
  });
  try {
    const open = async (from: number) => {
      const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
      try {
        return await transport.get(url, range, signal);
      } catch (error) {
        throw transportFailure(error, url.host, signal);
      }
    };
    const retry = options.retry ?? DEFAULT_RETRY;
    const bytes = await blobBytes(open, url.host, blob, offset, retry, signal);
    return closing(bytes, transport);
  } catch (error) {
    transport.close();
    throw error;
  }
}

async function* closing(
  bytes: AsyncIterable<Uint8Array>,
  transport: HttpTransport,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } finally {
    transport.close();
  }
}
