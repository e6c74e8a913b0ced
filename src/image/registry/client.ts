import { BoxliteError } from '../../errors.js';
import { digestOf, isDigest, parseDigest } from '../oci/digest.js';
import { JsonReader } from '../oci/json-reader.js';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.js';
import { isGenericType, MANIFEST_ACCEPT } from '../oci/media-types.js';
import { isTag } from '../oci/reference.js';
import type { BlobDescriptor } from '../store/content-store.js';
import { blobBytes } from './blob-stream.js';
import { RegistryHost } from './host.js';
import type { HttpResponse } from './http/http.js';
import { readLimited } from './http/read-limited.js';
import { parseMirror } from './mirror.js';
import { firstThatHas } from './mirrored.js';
import type { RegistryOptions } from './options.js';
import { statusError, transportFailure } from './registry-error.js';
import { DEFAULT_RETRY } from './retry.js';

export type { RegistryOptions } from './options.js';

export interface FetchedManifest {
  bytes: Buffer;
  /** The registry's `Content-Type`, without parameters, unless that says nothing. */
  mediaType: string | undefined;
  digest: string;
}

/** Few, since another host has the image too. */
const MIRROR_ATTEMPTS = 2;

/** Limit of one answer with tags; a page of 1,000 tags of 128 characters is smaller. */
const MAX_TAGS_BYTES = 1024 * 1024;
const TAGS_A_PAGE = 1000;
/** More means that the server goes in circles. */
const MAX_TAG_PAGES = 500;

/** Reads from one registry (OCI distribution-spec), trying its mirrors first. */
export class RegistryClient {
  /** In the order to try; the registry itself comes last. */
  private readonly hosts: RegistryHost[];
  /** Unreachable mirrors, which are not asked again. */
  private readonly dead = new Set<RegistryHost>();

  constructor(
    readonly registry: string,
    private readonly options: RegistryOptions = {},
  ) {
    const mirrors = (options.mirrors?.[registry] ?? []).map(parseMirror);
    const { attempts, ...pauses } = options.retry ?? DEFAULT_RETRY;
    const retry = { ...pauses, attempts: Math.min(attempts, MIRROR_ATTEMPTS) };
    this.hosts = [
      ...mirrors.map(
        ({ host, scheme, prefix }) => new RegistryHost(host, { ...options, retry, scheme, prefix }),
      ),
      new RegistryHost(registry, options),
    ];
  }

  /**
   * Fetches a manifest or index by tag or digest, and verifies first its size, then its digest (OCI
   * image-spec, descriptor.md).
   * @param size bytes, if an index gives it
   * @throws BoxliteError `image-not-found`, `registry-*`, `image-corrupt`
   */
  async manifest(repository: string, reference: string, size?: number): Promise<FetchedManifest> {
    const what = `${this.registry}/${repository}${isDigest(reference) ? '@' : ':'}${reference}`;
    return this.ask(async (host) => {
      const accept = { accept: MANIFEST_ACCEPT };
      const response = await host.getFrom(repository, `manifests/${reference}`, accept);
      if (response.status !== 200) throw await statusError(response, host.name, what);
      const bytes = await readLimited(response.body, MAX_MANIFEST_BYTES, `manifest of ${what}`);
      if (size !== undefined && bytes.length !== size)
        throw new BoxliteError(
          'image-corrupt',
          `manifest of ${what} has ${bytes.length} bytes, its index says ${size}`,
        );
      const digest = verifiedDigest(bytes, reference, response, what);
      return { bytes, mediaType: typeIn(response), digest };
    });
  }

  /**
   * Opens a blob's bytes from `offset`; resumes where a connection breaks.
   * @throws BoxliteError `registry-*`, `image-corrupt` (missing, or of another size)
   */
  blob(
    repository: string,
    blob: BlobDescriptor,
    offset: number,
  ): Promise<AsyncIterable<Uint8Array>> {
    const open = (from: number): Promise<HttpResponse> =>
      this.ask(async (host) => {
        const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
        const response = await host.getFrom(repository, `blobs/${blob.digest}`, headers);
        const usable = response.status === 200 || response.status === 206;
        // The reader judges what the registry itself answers.
        if (usable || host === this.hosts.at(-1)) return response;
        throw await statusError(response, host.name, `blob ${blob.digest}`);
      });
    const { retry = DEFAULT_RETRY, signal } = this.options;
    return blobBytes(open, this.registry, blob, offset, retry, signal);
  }

  /**
   * The tags of a repository, in the registry's order (OCI distribution-spec, "Listing Tags").
   * @throws BoxliteError `image-not-found`, `registry-*`
   */
  async tags(repository: string): Promise<string[]> {
    const name = `${this.registry}/${repository}`;
    const what = `tags of ${name}`;
    const tags: string[] = [];
    let page: string | undefined = `?n=${TAGS_A_PAGE}`;
    for (let pages = 0; page !== undefined; pages++) {
      if (pages === MAX_TAG_PAGES)
        throw new BoxliteError('registry-protocol', `the list of the ${what} does not end`);
      const response: HttpResponse = await this.ask(async (host) => {
        const answer = await host.getFrom(repository, `tags/list${page}`, {});
        if (answer.status !== 200) throw await statusError(answer, host.name, name);
        return answer;
      });
      const bytes = await readLimited(response.body, MAX_TAGS_BYTES, `list of the ${what}`);
      const list = JsonReader.parse(bytes, what, { code: 'registry-protocol' });
      for (const tag of list.optionalStrings('tags') ?? []) {
        if (!isTag(tag)) throw list.fault('tags', `must not hold ${JSON.stringify(tag)}`);
        tags.push(tag);
      }
      page = nextPage(response);
    }
    return tags;
  }

  close(): void {
    for (const host of this.hosts) host.close();
  }

  private ask<T>(work: (host: RegistryHost) => Promise<T>): Promise<T> {
    const alive = this.hosts.filter((host) => !this.dead.has(host));
    return firstThatHas(alive, async (host) => {
      try {
        return await work(host);
      } catch (error) {
        const failure = transportFailure(error, host.name, this.options.signal);
        if (failure !== error && host !== this.hosts.at(-1)) this.dead.add(host);
        throw failure;
      }
    });
  }
}

function typeIn({ headers }: HttpResponse): string | undefined {
  const mediaType = headers['content-type']?.split(';')[0]?.trim() ?? '';
  return mediaType === '' || isGenericType(mediaType) ? undefined : mediaType;
}

/** The query of the next page: only the query, so that a registry can't lead us elsewhere. */
function nextPage({ headers, url }: HttpResponse): string | undefined {
  const link = [headers.link ?? []].flat().join(',');
  const [, target] = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link) ?? [];
  if (target === undefined || !URL.canParse(target, url.href)) return undefined;
  return new URL(target, url).search;
}

/**
 * The requested digest, else the one the registry announces, else our own; the bytes must match.
 */
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
