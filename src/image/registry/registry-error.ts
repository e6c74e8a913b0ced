import { BoxliteError } from '../../errors.js';
import { withoutSecrets } from './auth/credentials.js';
import { isHostOf } from './endpoint.js';
import type { HttpResponse } from './http/http.js';
import { TransportError } from './http/transport-error.js';
import { serverMessage } from './server-message.js';

/** Turns a failed connection into the caller's error. Errors of ours pass through. */
export function transportFailure(
  error: unknown,
  registry: string,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted === true)
    return new BoxliteError('cancelled', `stopped talking to ${registry}`, { cause: error });
  if (!(error instanceof TransportError)) return error;
  const who = namedBy(registry, error.host);
  return new BoxliteError('registry-unreachable', `can't reach ${who}: ${error.reason}`, {
    cause: error,
    hint: hintFor(error),
  });
}

function hintFor({ untrusted, errno }: TransportError): string {
  if (untrusted) return 'trust its authority with --ca-cert FILE, or mark the registry as insecure';
  if (errno === 'EPROXY') return 'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY';
  return 'check the name, the network and whether the registry runs';
}

/** The server that was asked: the registry, or its token server or storage. */
export function namedBy(registry: string, host: string | undefined): string {
  return host === undefined || isHostOf(registry, host)
    ? registry
    : `${host} (named by ${registry})`;
}

/** Turns an answer other than 200 into an error with the registry's message. */
export async function statusError(
  response: HttpResponse,
  registry: string,
  what: string,
): Promise<BoxliteError> {
  const { status, url, authorization } = response;
  const who = namedBy(registry, url.host);
  const said = await serverMessage(response, (text) => withoutSecrets(text, authorization));
  const tail = said === undefined ? '' : `: ${said}`;
  if (status === 404)
    return new BoxliteError('image-not-found', `${what} was not found${tail}`, {
      hint: 'check the spelling and the tag',
    });
  if ((status === 401 || status === 403) && who !== registry)
    return new BoxliteError('registry-auth', `${who} does not give ${what} to us${tail}`, {
      hint: 'try again; if it stays so, ask who runs the registry',
    });
  if (status === 401 || status === 403)
    return new BoxliteError(
      'registry-auth',
      `${registry} does not give ${what} to us; it may not exist${tail}`,
      { hint: 'log in', remedy: { action: 'login', registry } },
    );
  if (status === 429)
    return new BoxliteError('registry-protocol', `${who} asks us to slow down${tail}`, {
      hint: 'wait a while, or log in for a higher limit',
    });
  return new BoxliteError('registry-protocol', `${who} answered HTTP ${status} for ${what}${tail}`);
}
