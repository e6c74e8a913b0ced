import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';

export interface TestProxy {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** `CONNECT registry.test:443`, `GET http://registry.test/v2/`: each request it received. */
  asked: string[];
  /** `Authorization` headers that it could read. */
  overheard: string[];
  stop(): Promise<void>;
}

export interface ProxySetup {
  /** Addresses of names: `registry.test:443` → `127.0.0.1:5000`. Others are refused with 502. */
  routes: Readonly<Record<string, string>>;
  /** The `USER:PASSWORD` that it requires. */
  login?: string;
}

/** A real proxy on a free port of 127.0.0.1: it tunnels HTTPS and forwards HTTP requests. */
export async function startProxy({ routes, login }: ProxySetup): Promise<TestProxy> {
  const asked: string[] = [];
  const overheard: string[] = [];
  const wanted = `Basic ${Buffer.from(login ?? '').toString('base64')}`;
  const refused = (shown: string | undefined): boolean => login !== undefined && shown !== wanted;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '');
    asked.push(`${request.method ?? ''} ${url.href}`);
    overheard.push(...[request.headers.authorization ?? []].flat());
    const { 'proxy-authorization': shown, ...headers } = request.headers;
    const target = routes[`${url.hostname}:${url.port === '' ? '80' : url.port}`];
    if (refused(shown)) response.writeHead(407).end();
    else if (target === undefined) response.writeHead(502).end();
    else {
      const [host, port] = target.split(':');
      const path = url.pathname + url.search;
      const passed = httpRequest({ host, port, path, headers, method: request.method });
      passed.once('error', () => response.destroy());
      passed.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(passed);
    }
  });
  const tunnels = new Set<{ destroy(): unknown }>();
  server.on('connect', (request, client, early) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    const target = routes[request.url ?? ''];
    if (refused(request.headers['proxy-authorization']))
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    else if (target === undefined) client.end('HTTP/1.1 502 Bad Gateway\r\n\r\nno such host');
    else {
      const [host = '', port = ''] = target.split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.write(early);
        upstream.pipe(client).pipe(upstream);
      });
      for (const end of [client, upstream]) {
        tunnels.add(end);
        end.on('error', () => undefined).on('close', () => void tunnels.delete(end));
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    overheard,
    stop: async () => {
      for (const tunnel of tunnels) tunnel.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
