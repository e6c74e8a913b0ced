import { BoxliteError } from '../../errors.js';
import type { BlobDescriptor } from '../store/content-store.js';
import type { HttpResponse } from './http/http.js';
import { TransportError } from './http/transport-error.js';
import { namedBy, statusError, transportFailure } from './registry-error.js';
import { pause, type RetryPolicy } from './retry.js';
import { shown } from './server-message.js';

type OpenFrom = (offset: number) => Promise<HttpResponse>;

/** What one answer brings of a blob. */
interface Part {
  bytes: AsyncIterable<Uint8Array>;
  /** There may be more after it. */
  ranged: boolean;
}

/**
 * A blob's bytes from `offset`, over as many connections as it takes. Each attempt that brings
 * bytes restores the full number of tries.
 */
export async function blobBytes(
  open: OpenFrom,
  registry: string,
  blob: BlobDescriptor,
  offset: number,
  retry: RetryPolicy,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const first = await openAt(open, registry, blob, offset);
  return (async function* () {
    let part: Part | undefined = first;
    let position = offset;
    let fruitless = 0;
    for (;;) {
      const begun = position;
      try {
        part ??= await openAt(open, registry, blob, position);
        for await (const chunk of part.bytes) {
          position += chunk.length;
          fruitless = 0;
          yield chunk;
        }
        if (!part.ranged || position >= blob.size || position === begun) return;
        part = undefined;
      } catch (error) {
        if (!mayPass(error) || position >= blob.size || ++fruitless >= retry.attempts)
          throw transportFailure(error, registry, signal);
        part = undefined;
        await pause(retry, retry.firstPauseMs * 2 ** (fruitless - 1), signal);
      }
    }
  })();
}

/** An outage may last a while, but a registry that has answered before is likely to come back. */
function mayPass(error: unknown): boolean {
  if (error instanceof TransportError) return error.transient;
  return error instanceof BoxliteError && error.code === 'registry-unreachable';
}

/** Opens at an offset; when the server sends everything from the start, skips to there. */
async function openAt(
  open: OpenFrom,
  registry: string,
  blob: BlobDescriptor,
  offset: number,
): Promise<Part> {
  let asked = offset;
  let response = await open(asked);
  if (asked > 0 && mayRefuseRanges(response)) {
    // Storage may give whole blobs alone, and refuse a range with 416, 501 or many another.
    response.discard();
    asked = 0;
    response = await open(asked);
  }
  if (!isContent(response)) throw await blobError(response, registry, blob);
  const ranged = response.status === 206;
  const { start, size } = ranged
    ? rangeIn(response, registry, asked)
    : { start: 0, size: response.headers['content-length'] };
  // Detect a wrong size before reading a byte.
  if (size !== undefined && Number(size) !== blob.size) {
    response.discard();
    throw new BoxliteError(
      'image-corrupt',
      `blob ${blob.digest} was refused: ${registry} has ${Number(size)} bytes, ` +
        `the manifest says ${blob.size}`,
    );
  }
  return { bytes: start === offset ? response.body : skip(response.body, offset), ranged };
}

function isContent({ status }: HttpResponse): boolean {
  return status === 200 || status === 206;
}

/** Not if it asks for patience, or would refuse the whole as well. */
function mayRefuseRanges(response: HttpResponse): boolean {
  return !isContent(response) && ![401, 404, 429, 500, 502, 503, 504].includes(response.status);
}

async function blobError(
  response: HttpResponse,
  registry: string,
  blob: BlobDescriptor,
): Promise<BoxliteError> {
  if (response.status !== 404) return statusError(response, registry, `blob ${blob.digest}`);
  response.discard();
  const who = namedBy(registry, response.url.host);
  return new BoxliteError('image-corrupt', `${who} does not have blob ${blob.digest}`, {
    hint: 'the image was pushed incompletely; push it again',
  });
}

/** The range of a 206. It may be shorter than the one we asked for (RFC 9110, 15.3.7). */
function rangeIn(
  response: HttpResponse,
  registry: string,
  asked: number,
): { start: number; size: string | undefined } {
  const range = response.headers['content-range'];
  const [, start, total] = /^bytes ([0-9]+)-[0-9]+\/([0-9]+|\*)$/.exec(range ?? '') ?? [];
  if (start !== undefined && Number(start) === asked)
    return { start: asked, size: total === '*' ? undefined : total };
  response.discard();
  throw new BoxliteError(
    'registry-protocol',
    `${registry} was asked for bytes from ${asked} on and sent ${JSON.stringify(shown(range ?? ''))}`,
  );
}

async function* skip(body: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of body) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
