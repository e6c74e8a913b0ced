import type { HttpResponse } from '../../src/image/registry/http/http.js';

export interface AnswerParts {
  status?: number;
  headers?: HttpResponse['headers'];
  /** Text, or a value to serialize as JSON. */
  body?: unknown;
  url?: string;
  authorization?: string;
  onDiscard?: () => void;
}

/** Makes the answer of a server without running one. */
export function answer(parts: AnswerParts = {}): HttpResponse {
  const { status = 200, headers = {}, body = '', url = 'https://registry.test/' } = parts;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status,
    headers,
    url: new URL(url),
    authorization: parts.authorization,
    body: (async function* () {
      yield await Promise.resolve(Buffer.from(text));
    })(),
    discard: () => parts.onDiscard?.(),
  };
}
