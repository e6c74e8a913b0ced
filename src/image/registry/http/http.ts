import http, {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import https from 'node:https';
import { BoxliteError } from '../../../errors.js';
import { isLocalAddress, lookUpOutside, refuseLocal } from './local-address.js';
import { bareHost, portOf, proxyAuthorization, type ProxyFinder } from './proxy.js';
import { followRedirect, type Hop, isRedirect, MAX_REDIRECTS } from './redirect.js';
import { TransportError } from './transport-error.js';
import type { Trust } from './trust.js';
import { proxyFailure, proxyRefusal, TunnelAgent } from './tunnel.js';

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Who answered: after redirects, not the host we asked. */
  url: URL;
  /** The `Authorization` sent to `url`. */
  authorization: string | undefined;
  /** Throws when the connection breaks or nothing arrives for `stallMs`. */
  body: AsyncIterable<Uint8Array>;
  /** Closes the connection without reading the rest. */
  discard: () => void;
}

export interface HttpTimeouts {
  /** Name look-up, TCP, a proxy's tunnel and TLS. */
  connectMs: number;
  /** From sending the request to the first line of the answer. */
  answerMs: number;
  /** Between two pieces of a body. */
  stallMs: number;
}

export const DEFAULT_TIMEOUTS: HttpTimeouts = {
  connectMs: 15_000,
  answerMs: 60_000,
  stallMs: 60_000,
};

export interface HttpOptions {
  /** Accepts any certificate, and redirects to plain HTTP and to this machine. */
  insecure: boolean;
  /**
   * The host that the user named, as in a URL; servers may redirect to any other, unless it is
   * local.
   */
  own?: string;
  /** Default: Node's own set. */
  trust?: Trust;
  proxyFor?: ProxyFinder;
  timeouts?: HttpTimeouts;
}

/** Node's own limit is 16 KiB; a redirect to signed storage may need more. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Connections to one registry and to its redirect targets; close it when done. */
export class HttpTransport {
  private readonly plain = new http.Agent({ keepAlive: true });
  private secureAgent: https.Agent | undefined;
  private readonly tunnels = new Map<string, TunnelAgent>();
  private tlsOptions: https.AgentOptions | undefined;
  private readonly insecure: boolean;
  private readonly timeouts: HttpTimeouts;
  private readonly proxyFor: ProxyFinder;
  /** The address of the host that the user named, once it has answered. */
  private ownAddress: string | undefined;

  constructor(private readonly options: HttpOptions) {
    this.insecure = options.insecure;
    this.timeouts = options.timeouts ?? DEFAULT_TIMEOUTS;
    this.proxyFor = options.proxyFor ?? (() => undefined);
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
    let hop: Hop = { url, headers };
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const message = await this.send(hop, undefined, signal);
      const status = message.statusCode ?? 0;
      if (!isRedirect(status)) return this.response(hop, message, status);
      message.destroy();
      hop = followRedirect(hop, message.headers.location, this.insecure);
    }
    throw new BoxliteError(
      'registry-protocol',
      `${url.host} redirects more than ${MAX_REDIRECTS} times`,
    );
  }

  /**
   * Sends a form. Its fields are secrets, so a redirect is returned, not followed.
   * @throws TransportError
   */
  async postForm(
    url: URL,
    fields: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(fields).toString();
    const message = await this.send({ url, headers }, body, signal);
    return this.response({ url, headers }, message, message.statusCode ?? 0);
  }

  close(): void {
    this.plain.destroy();
    this.secureAgent?.destroy();
    for (const tunnel of this.tunnels.values()) tunnel.destroy();
  }

  private send(
    hop: Hop,
    body: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const proxy = this.proxyFor(hop.url);
      const outside = this.mustBeOutside(hop.url);
      if (outside) refuseLocal(hop.url);
      const request = this.open(hop, proxy, {
        ...(outside && proxy === undefined && { lookup: lookUpOutside }),
        method: body === undefined ? 'GET' : 'POST',
        // Without the second, any encoding would do (RFC 9110, 12.5.3), and digests are of the plain bytes.
        headers: { 'user-agent': 'boxlite', 'accept-encoding': 'identity', ...hop.headers },
        maxHeaderSize: MAX_HEADER_BYTES,
        ...(signal && { signal }),
      });
      const fail = (errno: string, reason: string) => () => {
        request.destroy(new TransportError(errno, reason));
      };
      const { connectMs, answerMs } = this.timeouts;
      let timer = setTimeout(
        fail('NO_CONNECTION', `no connection within ${connectMs / 1000} s`),
        connectMs,
      );
      request.on('socket', (socket) => {
        const connected = (): void => {
          clearTimeout(timer);
          timer = setTimeout(fail('ETIMEDOUT', `no answer within ${answerMs / 1000} s`), answerMs);
        };
        if (!socket.connecting) connected();
        else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
      });
      request.on('response', (message) => {
        clearTimeout(timer);
        if (proxy === undefined && hop.url.hostname === this.options.own)
          this.ownAddress ??= message.socket.remoteAddress;
        if (proxy === undefined || message.statusCode !== 407) {
          resolve(message);
          return;
        }
        message.destroy();
        reject(TransportError.from(proxyRefusal(proxy, 407), hop.url.host));
      });
      request.on('error', (error) => {
        clearTimeout(timer);
        if (signal?.aborted === true) reject(error);
        else reject(failure(error, hop.url, proxy));
      });
      request.end(body);
    });
  }

  /** A registry on this machine may redirect us to other servers on it. */
  private mustBeOutside({ hostname }: URL): boolean {
    return (
      !this.insecure && hostname !== this.options.own && !isLocalAddress(this.ownAddress ?? '')
    );
  }

  /** Sends to the server directly, or in the form for a proxy (RFC 9112, 3.2.2 and 3.2.3). */
  private open({ url }: Hop, proxy: URL | undefined, options: http.RequestOptions): ClientRequest {
    if (url.protocol === 'https:')
      return https.request(url, {
        ...options,
        agent: proxy === undefined ? this.secure : this.tunnel(proxy),
      });
    if (proxy === undefined) return http.request(url, { ...options, agent: this.plain });
    const throughTls = proxy.protocol === 'https:';
    return (throughTls ? https : http).request({
      ...options,
      host: bareHost(proxy.hostname),
      port: portOf(proxy),
      path: `${url.origin}${url.pathname}${url.search}`,
      headers: {
        ...(options.headers as Record<string, string>),
        host: url.host,
        ...proxyAuthorization(proxy),
      },
      agent: throughTls ? this.secure : this.plain,
    });
  }

  private get secure(): https.Agent {
    return (this.secureAgent ??= new https.Agent(this.tls));
  }

  private get tls(): https.AgentOptions {
    const { trust } = this.options;
    return (this.tlsOptions ??= {
      keepAlive: true,
      rejectUnauthorized: !this.insecure,
      ...(trust && { secureContext: trust() }),
    });
  }

  private tunnel(proxy: URL): TunnelAgent {
    let tunnel = this.tunnels.get(proxy.href);
    if (tunnel === undefined) {
      tunnel = new TunnelAgent(proxy, this.timeouts.connectMs, this.tls);
      this.tunnels.set(proxy.href, tunnel);
    }
    return tunnel;
  }

  private response(hop: Hop, message: IncomingMessage, status: number): HttpResponse {
    return {
      status,
      headers: message.headers,
      url: hop.url,
      authorization: hop.headers.authorization,
      body: readBody(message, hop.url.host, this.timeouts.stallMs),
      discard: () => void message.destroy(),
    };
  }
}

/** With plain HTTP the connection goes to the proxy; errors of a tunnel already name the proxy. */
function failure(error: Error, url: URL, proxy: URL | undefined): TransportError | BoxliteError {
  if (error instanceof BoxliteError) return error;
  const direct = proxy === undefined || url.protocol === 'https:';
  return TransportError.from(direct ? error : proxyFailure(proxy, error), url.host);
}

/** The timer runs only while we wait for the server, not while our reader is busy. */
async function* readBody(
  message: IncomingMessage,
  host: string,
  stallMs: number,
): AsyncGenerator<Uint8Array> {
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
    throw error instanceof BoxliteError ? error : TransportError.from(error, host);
  } finally {
    clearTimeout(timer);
  }
}
