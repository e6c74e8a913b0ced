import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { blobsOf, type TestBlob, type TestImage } from './images.js';

/** Answers a request, or returns false to leave it to the registry. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A registry in this process whose answers a test may bend. */
export interface FakeRegistry {
  /** `127.0.0.1:PORT`. */
  host: string;
  /** `GET /v2/…` of each request, in order, with what the test wants to see of it. */
  requests: { path: string; range: string | undefined; authorization: string | undefined }[];
  stop(): Promise<void>;
}

/**
 * Serves images under any repository name: every manifest by digest, the first one also by any tag.
 * Ranges are honoured.
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
    requests.push({ path, range, authorization });
    if (!interfere(request, response)) serve(all, path, range, response);
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
): void {
  const [, kind, reference] = /\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
  const byTag = kind === 'manifests' && reference?.includes(':') === false;
  const found = byTag ? all[0] : all.find(({ digest }) => digest === reference);
  if (found === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    return;
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
}
