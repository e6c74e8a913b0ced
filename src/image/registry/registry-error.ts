import { BoxliteError } from '../../errors.js';
import { JsonReader } from '../oci/json-reader.js';
import { withoutSecrets } from './auth/credentials.js';
import type { HttpResponse } from './http/http.js';
import { readLimited } from './http/read-limited.js';
import { TransportError } from './http/transport-error.js';

const MAX_ERROR_BYTES = 64 * 1024;
const MAX_SHOWN = 200;

/** Turns a failed connection into the caller's error. Errors of ours pass through. */
export function transportFailure(
  error: unknown,
  registry: string,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted === true)
    return new BoxliteError('cancelled', `stopped talking to ${registry}`, { cause: error });
  if (!(error instanceof TransportError)) return error;
  return new BoxliteError('registry-unreachable', `can't reach ${registry}: ${error.reason}`, {
    cause: error,
    hint: hintFor(error),
  });
}

function hintFor({ untrusted, errno }: TransportError): string {
  if (untrusted) return 'trust its authority with --ca-cert FILE, or mark the registry as insecure';
  if (errno === 'EPROXY') return 'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY';
  return 'check the name, the network and whether the registry runs';
}

/** Turns an answer other than 200 into an error with the registry's message. */
export async function statusError(
  response: HttpResponse,
  registry: string,
  what: string,
): Promise<BoxliteError> {
  const { status } = response;
  const said = await serverMessage(response);
  const tail = said === undefined ? '' : `: ${said}`;
  if (status === 404)
    return new BoxliteError('image-not-found', `${what} was not found${tail}`, {
      hint: 'check the spelling and the tag',
    });
  if (status === 401 || status === 403)
    return new BoxliteError(
      'registry-auth',
      `${registry} does not give ${what} to us; it may not exist${tail}`,
      { hint: 'log in', remedy: { action: 'login', registry } },
    );
  if (status === 429)
    return new BoxliteError('registry-protocol', `${registry} asks us to slow down${tail}`, {
      hint: 'wait a while, or log in for a higher limit',
    });
  return new BoxliteError(
    'registry-protocol',
    `${registry} answered HTTP ${status} for ${what}${tail}`,
  );
}

/**
 * The registry's own message (distribution-spec, "Error Codes"), truncated and without control
 * characters.
 */
async function serverMessage(response: HttpResponse): Promise<string | undefined> {
  try {
    const bytes = await readLimited(response.body, MAX_ERROR_BYTES, 'error');
    const [first] = JsonReader.parse(bytes, 'error').objects('errors');
    const message = first?.optionalString('message') ?? first?.optionalString('code');
    if (message === undefined) return undefined;
    const said = withoutSecrets(message, response.authorization);
    return said.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ').slice(0, MAX_SHOWN);
  } catch {
    // The status says enough; an HTML error page is of no interest.
    return undefined;
  } finally {
    response.discard();
  }
}
