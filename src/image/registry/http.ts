import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';

import { BoxliteError } from '../../errors.js';
import { followRedirect, type Hop, isRedirect, MAX_REDIRECTS } from './redirect.js';
import { TransportError } from './transport-error.js';

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Ends with an error when the connection breaks or nothing comes for `stallMs`. */
  body: AsyncIterable<Uint8Array>;
  /** Gives the connection up without reading the rest. */
  discard: () => void;
}

export interface HttpTimeouts {
  /** Name look-up, TCP and TLS. */
  connectMs: number;
  /** From the request sent to the answer's first line. */
  answerMs: number;
  /** Between two pieces of a body. */
  stallMs: number;
}

export const DEFAULT_TIMEOUTS: HttpTimeouts = {
  connectMs: 15_000,
  answerMs: 60_000,
  stallMs: 60_000,
};

/** Connections to one registry and to where it redirects; close it when done. */
export class HttpTransport {
  private readonly plain = new http.Agent({ keepAlive: true });
  private readonly secure: https.Agent;

  /** @param insecure takes any certificate, and redirects to plain HTTP */
  constructor(
    private readonly insecure: boolean,
    private readonly timeouts: HttpTimeouts = DEFAULT_TIMEOUTS,
  ) {
    this.secure = new https.Agent({ keepAlive: true, rejectUnauthorized: !insecure });
  }

  /**
   * Sends a GET and follows redirects.
   * @throws TransportError, or BoxliteError `registry-protocol` for redirects that go too far
   */
  async get(
    url: URL,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    let hop: Hop = { url, headers: { 'user-agent': 'boxlite', ...headers } };
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const message = await this.send(hop, signal);
      const status = message.statusCode ?? 0;
      if (!isRedirect(status)) return this.response(message, status);
      message.destroy();
      hop = followRedirect(hop, message.headers.location, this.insecure);
    }
    throw new BoxliteError(
      'registry-protocol',
      `${url.host} redirects more than ${MAX_REDIRECTS} times`,
    );
  }

  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  private send(hop: Hop, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const secure = hop.url.protocol === 'https:';
      const options = { headers: hop.headers, signal };
      const request = secure
        ? https.get(hop.url, { ...options, agent: this.secure })
        : http.get(hop.url, { ...options, agent: this.plain });
      const fail = (errno: string, reason: string) => () => {
        request.destroy(new TransportError(errno, reason));
      };
      const { connectMs, answerMs } = this.timeouts;
      let timer = setTimeout(
        fail('ETIMEDOUT', `no connection within ${connectMs / 1000} s`),
        connectMs,
      );
      request.on('socket', (socket) => {
        const connected = (): void => {
          clearTimeout(timer);
          timer = setTimeout(fail('ETIMEDOUT', `no answer within ${answerMs / 1000} s`), answerMs);
        };
        if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', connected);
        else connected();
      });
      request.on('response', (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      request.on('error', (error) => {
        clearTimeout(timer);
        reject(signal?.aborted === true ? error : TransportError.from(error));
      });
    });
  }

  private response(message: IncomingMessage, status: number): HttpResponse {
    return {
      status,
      headers: message.headers,
      body: readBody(message, this.timeouts.stallMs),
      discard: () => void message.destroy(),
    };
  }
}

/** The clock runs only while we wait for the server, not while our reader is busy. */
async function* readBody(message: IncomingMessage, stallMs: number): AsyncGenerator<Uint8Array> {
  const stalled = (): void => {
    const reason = `nothing came for ${stallMs / 1000} s`;
    message.destroy(new TransportError('STALLED', reason));
  };
  let timer = setTimeout(stalled, stallMs);
  try {
    for await (const chunk of message as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(stalled, stallMs);
    }
  } catch (error) {
    throw error instanceof BoxliteError ? error : TransportError.from(error);
  } finally {
    clearTimeout(timer);
  }
}
