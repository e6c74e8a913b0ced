import { BoxliteError } from '../../errors.js';
import type { BlobDescriptor } from '../store/content-store.js';
import type { HttpResponse } from './http/http.js';
import { TransportError } from './http/transport-error.js';
import { statusError, transportFailure } from './registry-error.js';
import { pause, type RetryPolicy } from './retry.js';

type OpenFrom = (offset: number) => Promise<HttpResponse>;

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
    let body: AsyncIterable<Uint8Array> | undefined = first;
    let position = offset;
    let fruitless = 0;
    for (;;) {
      try {
        body ??= await openAt(open, registry, blob, position);
        for await (const chunk of body) {
          position += chunk.length;
          fruitless = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!mayPass(error) || position >= blob.size || ++fruitless >= retry.attempts)
          throw transportFailure(error, registry, signal);
      }
      body = undefined;
      await pause(retry, retry.firstPauseMs * 2 ** (fruitless - 1), signal);
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
): Promise<AsyncIterable<Uint8Array>> {
  const response = await open(offset);
  const partial = response.status === 206 && offset > 0;
  if (response.status !== 200 && !partial) throw await blobError(response, registry, blob);
  const start = partial ? offset : 0;
  checkRange(response, registry, start);
  const length = response.headers['content-length'];
  // Detect a wrong size before reading a byte.
  if (length !== undefined && start + Number(length) !== blob.size) {
    response.discard();
    throw new BoxliteError(
      'image-corrupt',
      `blob ${blob.digest} was refused: ${registry} has ${start + Number(length)} bytes, ` +
        `the manifest says ${blob.size}`,
    );
  }
  return start === offset ? response.body : skip(response.body, offset);
}

async function blobError(
  response: HttpResponse,
  registry: string,
  blob: BlobDescriptor,
): Promise<BoxliteError> {
  if (response.status !== 404) return statusError(response, registry, `blob ${blob.digest}`);
  response.discard();
  return new BoxliteError('image-corrupt', `${registry} does not have blob ${blob.digest}`, {
    hint: 'the image was pushed incompletely; push it again',
  });
}

function checkRange(response: HttpResponse, registry: string, start: number): void {
  const range = response.headers['content-range'];
  if (response.status !== 206 || range?.startsWith(`bytes ${start}-`) === true) return;
  response.discard();
  throw new BoxliteError(
    'registry-protocol',
    `${registry} was asked for bytes from ${start} on and sent ${JSON.stringify(range ?? '')}`,
  );
}

async function* skip(body: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of body) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
