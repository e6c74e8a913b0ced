import { JsonReader } from '../oci/json-reader.js';
import type { HttpResponse } from './http/http.js';
import { readLimited } from './http/read-limited.js';

const MAX_BYTES = 64 * 1024;
const MAX_SHOWN = 200;

/** As much of a server's text as is shown. */
export const shown = (text: string): string => text.slice(0, MAX_SHOWN);

/** Where a message stands if not in `errors`: OAuth2's (RFC 6749, 5.2), Docker Hub's, anybody's. */
const OTHER_FIELDS = ['error_description', 'details', 'message', 'error'];

/**
 * A server's own message (distribution-spec, "Error Codes"), truncated and without control
 * characters and what `hide` removes. Ends the response.
 */
export async function serverMessage(
  response: HttpResponse,
  hide: (text: string) => string,
): Promise<string | undefined> {
  try {
    const answer = JsonReader.parse(await readLimited(response.body, MAX_BYTES, 'error'), 'error');
    const [first] = answer.objects('errors');
    const message =
      first?.nonEmptyString('message') ??
      first?.nonEmptyString('code') ??
      OTHER_FIELDS.map((field) => answer.nonEmptyString(field)).find((text) => text !== undefined);
    if (message === undefined) return undefined;
    return shown(hide(message).replace(/[\x00-\x1f\x7f-\x9f]/g, ' '));
  } catch {
    // The status says enough; an HTML error page is of no interest.
    return undefined;
  } finally {
    response.discard();
  }
}
