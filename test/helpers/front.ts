import { readFileSync } from 'node:fs';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import type { CertificateFiles } from './certificates.js';

export interface FrontRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

export interface FrontSetup {
  tls: CertificateFiles;
  /** `127.0.0.1:PORT` of the plain server behind it. */
  target: string;
}

/** A TLS server before another, as nginx would be; a test may bend what passes. */
export interface TestFront {
  /** `127.0.0.1:PORT`. */
  host: string;
  requests: FrontRequest[];
  /** Answers a request in place of the server behind, or returns false. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The path to ask the server behind for. */
  path: (path: string) => string;
  /** The headers to answer with in place of its own. */
  headers: (headers: IncomingHttpHeaders, status: number) => OutgoingHttpHeaders;
  /** Lets everything pass again, and forgets the requests. */
  reset(): void;
  stop(): Promise<void>;
}

export async function startFront({ tls, target }: FrontSetup): Promise<TestFront> {
  const [host = '', port = ''] = target.split(':');
  const straight = {
    answer: () => false,
    path: (path: string) => path,
    headers: (headers: IncomingHttpHeaders) => headers,
  };
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request;
    front.requests.push({ method, path: url, headers });
    if (front.answer(request, response)) return;
    const passed = httpRequest({ host, port, path: front.path(url), headers, method });
    passed.once('error', () => response.destroy());
    passed.once('response', (answer) => {
      const status = answer.statusCode ?? 502;
      response.writeHead(status, front.headers(answer.headers, status));
      answer.pipe(response);
    });
    request.pipe(passed);
  };
  const files = { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
  const server = createServer(files, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const front: TestFront = {
    ...straight,
    host: `127.0.0.1:${address.port}`,
    requests: [],
    reset: () => void Object.assign(front, straight, { requests: [] }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return front;
}
