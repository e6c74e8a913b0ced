import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { bareHost, portOf, proxyAuthorization } from './proxy.js';
import { TransportError } from './transport-error.js';

type Connected = (error: Error | null, stream: Duplex) => void;
/** Node's types omit that on an error there is no stream. */
type Failed = (error: Error) => void;

/**
 * Connections to HTTPS servers through one proxy: `CONNECT` (RFC 9110, 9.3.6), then TLS with the
 * server itself, so that the proxy sees only names and sizes. An answer of the proxy in place of a
 * tunnel is an error; it must never pass for the server's.
 */
export class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #connectMs: number;
  readonly #opening = new Set<http.ClientRequest>();

  constructor(proxy: URL, connectMs: number, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#connectMs = connectMs;
  }

  override createConnection(options: https.RequestOptions, connected?: Connected): undefined {
    const host = options.host ?? '';
    const target = `${host.includes(':') ? `[${host}]` : host}:${options.port ?? 443}`;
    this.#open(target).then(
      (socket) => {
        const secured = super.createConnection({ ...options, socket } as https.RequestOptions);
        if (secured) connected?.(null, secured);
      },
      (error: unknown) => (connected as Failed | undefined)?.(TransportError.from(error)),
    );
    return undefined;
  }

  override destroy(): void {
    for (const request of this.#opening) request.destroy();
    super.destroy();
  }

  #open(target: string): Promise<Duplex> {
    const proxy = this.#proxy;
    return new Promise<Duplex>((resolve, reject) => {
      const request = (proxy.protocol === 'https:' ? https : http).request({
        method: 'CONNECT',
        host: bareHost(proxy.hostname),
        port: portOf(proxy),
        path: target,
        headers: { host: target, ...proxyAuthorization(proxy) },
        agent: false,
      });
      this.#opening.add(request);
      const timer = setTimeout(() => {
        const reason = `no tunnel within ${this.#connectMs / 1000} s`;
        request.destroy(new TransportError('NO_CONNECTION', reason));
      }, this.#connectMs);
      const over = (): void => {
        clearTimeout(timer);
        this.#opening.delete(request);
      };
      request.once('connect', ({ statusCode = 0 }, socket, early) => {
        over();
        if (statusCode < 200 || statusCode > 299) {
          socket.destroy();
          reject(proxyRefusal(proxy, statusCode));
          return;
        }
        if (early.length > 0) socket.unshift(early);
        resolve(socket);
      });
      request.once('error', (error) => {
        over();
        reject(proxyFailure(proxy, error));
      });
      request.end();
    });
  }
}

/** The proxy refused: it wants credentials, or does not allow the target. */
export function proxyRefusal(proxy: URL, status: number): TransportError {
  const why = status === 407 ? 'asks for a user name and password' : 'refuses';
  return new TransportError('EPROXY', `the proxy ${proxy.host} ${why} (HTTP ${status})`);
}

/** @param error of the connection to the proxy, not to the server behind it */
export function proxyFailure(proxy: URL, error: unknown): TransportError {
  const { errno, reason } = TransportError.from(error);
  return new TransportError(errno, `the proxy ${proxy.host}: ${reason}`, error);
}
