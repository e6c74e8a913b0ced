import { BoxliteError } from '../../errors.js';
import type { BlobDescriptor } from '../content-store.js';
import { digestOf, isDigest, parseDigest } from '../digest.js';
import { MAX_MANIFEST_BYTES } from '../manifest.js';
import { MANIFEST_ACCEPT } from '../media-types.js';
import { Authorizer, type CredentialSource } from './auth.js';
import { blobBytes } from './blob-stream.js';
import { endpointsOf, isInsecure } from './endpoint.js';
import { type HttpResponse, HttpTransport, type HttpTimeouts } from './http.js';
import { readLimited } from './read-limited.js';
import { DEFAULT_RETRY, type RetryPolicy, withRetry } from './retry.js';
import { statusError, transportFailure } from './registry-error.js';
import { TransportError } from './transport-error.js';

export interface RegistryOptions {
  /** Registries (host[:port]) to speak to without trust in their certificate, or in the clear. */
  insecure?: readonly string[];
  credentials?: CredentialSource;
  timeouts?: HttpTimeouts;
  retry?: RetryPolicy;
  signal?: AbortSignal;
}

export interface FetchedManifest {
  bytes: Buffer;
  /** As the registry's `Content-Type` says, without parameters. */
  mediaType: string | undefined;
  digest: string;
}

/** Reads from one registry (OCI distribution-spec). */
export class RegistryClient {
  private readonly transport: HttpTransport;
  private readonly authorizer: Authorizer;
  private readonly retry: RetryPolicy;
  private bases: URL[];

  constructor(
    readonly registry: string,
    private readonly options: RegistryOptions = {},
  ) {
    const insecure = isInsecure(registry, options.insecure ?? []);
    this.transport = new HttpTransport(insecure, options.timeouts);
    this.retry = options.retry ?? DEFAULT_RETRY;
    this.bases = endpointsOf(registry, insecure).map(({ base }) => base);
    this.authorizer = new Authorizer(
      registry,
      (url, headers) => this.retrying(() => this.transport.get(url, headers, options.signal)),
      options.credentials,
      insecure,
    );
  }

  /**
   * Fetches a manifest or index by tag or digest, and verifies it against a digest.
   * @throws BoxliteError `image-not-found`, `registry-*`, `image-corrupt`
   */
  async manifest(repository: string, reference: string): Promise<FetchedManifest> {
    const what = `${this.registry}/${repository}${isDigest(reference) ? '@' : ':'}${reference}`;
    return this.guard(async () => {
      const response = await this.request(repository, `manifests/${reference}`, {
        accept: MANIFEST_ACCEPT,
      });
      if (response.status !== 200) throw await statusError(response, this.registry, what);
      const bytes = await readLimited(response.body, MAX_MANIFEST_BYTES, `manifest of ${what}`);
      const digest = verifiedDigest(bytes, reference, response, what);
      const mediaType = response.headers['content-type']?.split(';')[0]?.trim();
      return { bytes, mediaType, digest };
    });
  }

  /**
   * Opens a blob's bytes from `offset` on; a connection that breaks is made again where it broke.
   * @throws BoxliteError `registry-*`, `image-corrupt` (missing, or of another size)
   */
  blob(
    repository: string,
    blob: BlobDescriptor,
    offset: number,
  ): Promise<AsyncIterable<Uint8Array>> {
    const open = (from: number): Promise<HttpResponse> =>
      this.guard(() =>
        this.request(repository, `blobs/${blob.digest}`, {
          'accept-encoding': 'identity',
          ...(from > 0 ? { range: `bytes=${from}-` } : {}),
        }),
      );
    return blobBytes(open, this.registry, blob, offset, this.retry, this.options.signal);
  }

  close(): void {
    this.transport.close();
  }

  private async request(
    repository: string,
    path: string,
    headers: Record<string, string>,
  ): Promise<HttpResponse> {
    const scope = `repository:${repository}:pull`;
    const known = this.authorizer.known(scope);
    const send = (authorization: string | undefined): Promise<HttpResponse> =>
      this.retrying(() =>
        this.sendToFirst(
          `v2/${repository}/${path}`,
          authorization === undefined ? headers : { ...headers, authorization },
        ),
      );
    const response = await send(known);
    if (response.status !== 401) return response;
    const authorization = await this.authorizer.answer(response.headers['www-authenticate'], scope);
    if (authorization === undefined) return response;
    response.discard();
    return send(authorization);
  }

  /** Tries the ways to reach the registry in order, and stays with the first that answers. */
  private async sendToFirst(path: string, headers: Record<string, string>): Promise<HttpResponse> {
    let failure: unknown;
    for (const base of this.bases) {
      try {
        const response = await this.transport.get(
          new URL(path, base),
          headers,
          this.options.signal,
        );
        if (isTlsServerInTheClear(response) && base !== this.bases.at(-1)) {
          response.discard();
          continue;
        }
        this.bases = [base];
        return response;
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  private retrying(attempt: () => Promise<HttpResponse>): Promise<HttpResponse> {
    return withRetry(attempt, this.retry, this.options.signal);
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw transportFailure(error, this.registry, this.options.signal);
    }
  }
}

/** The digest asked for, else the one the registry announces, else our own; bytes must agree. */
function verifiedDigest(
  bytes: Buffer,
  reference: string,
  response: HttpResponse,
  what: string,
): string {
  const header = response.headers['docker-content-digest'];
  const announced = typeof header === 'string' && isDigest(header) ? header : undefined;
  const expected = isDigest(reference) ? reference : announced;
  if (expected === undefined) return digestOf(bytes);
  const actual = digestOf(bytes, parseDigest(expected).algorithm);
  if (actual === expected) return expected;
  throw new BoxliteError(
    'image-corrupt',
    `manifest of ${what} was refused: its digest is ${actual}, not ${expected}`,
  );
}

/** Servers that want TLS answer plain HTTP with 400 and a sentence; a registry answers in JSON. */
function isTlsServerInTheClear({ status, headers }: HttpResponse): boolean {
  return status === 400 && headers['content-type']?.includes('json') !== true;
}
