import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { blobsOf, type TestBlob, type TestImage } from './images.js';

/** Answers a request, or returns false to leave it to the registry. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface SeenRequest {
  path: string;
  range: string | undefined;
  authorization: string | undefined;
  /** Bytes of the body, unless the test itself answered. */
  sentBytes: number;
}

/** A registry in this process whose answers a test may alter. */
export interface FakeRegistry {
  /** `127.0.0.1:PORT`. */
  host: string;
  /** `GET /v2/…` of each request, in order, with the details that tests check. */
  requests: SeenRequest[];
  stop(): Promise<void>;
}

/**
 * Serves images, and ranges of them, under any repository name: every manifest by digest, the first one also
 * by any tag.
 */
export async function startFakeRegistry(
  images: readonly TestImage[],
  interfere: Interference = () => false,
  extra: readonly TestBlob[] = [],
): Promise<FakeRegistry> {
  const all = [...extra, ...images.flatMap(blobsOf)];
  const requests: FakeRegistry['requests'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const { range, authorization } = request.headers;
    const seen = { path, range, authorization, sentBytes: 0 };
    requests.push(seen);
    if (!interfere(request, response)) seen.sentBytes = serve(all, path, range, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(
  all: readonly TestBlob[],
  path: string,
  range: string | undefined,
  response: ServerResponse,
): number {
  const [, kind, reference] = /\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
  const byTag = kind === 'manifests' && reference?.includes(':') === false;
  const found = byTag ? all[0] : all.find(({ digest }) => digest === reference);
  if (found === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    return 0;
  }
  const type = kind === 'manifests' ? found.mediaType : 'application/octet-stream';
  const start = Number(/^bytes=([0-9]+)-$/.exec(range ?? '')?.[1] ?? 0);
  const part = found.bytes.subarray(start);
  const headers = { 'content-type': type, 'content-length': part.length };
  if (start === 0) response.writeHead(200, headers);
  else {
    const contentRange = `bytes ${start}-${found.size - 1}/${found.size}`;
    response.writeHead(206, { ...headers, 'content-range': contentRange });
  }
  response.end(part);
  return part.length;
}
