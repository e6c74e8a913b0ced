/** A registry with a name of the world (only a proxy resolves it) that leads us to this machine. */
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Home } from '../../src/host/home.js';
import { HttpTransport } from '../../src/image/registry/http/http.js';
import { proxyFinder } from '../../src/image/registry/http/proxy.js';
import { readTrust, type Trust } from '../../src/image/registry/http/trust.js';
import { pullImage } from '../../src/image/transfer/pull.js';
import { type CertificateFiles, makeAuthority } from '../helpers/certificates.js';
import { descriptor, json, makeImage, type TestImage } from '../helpers/images.js';
import { startProxy } from '../helpers/proxy.js';

/** A name of the attacker's, which is this machine. */
vi.mock('node:dns', async (original) => {
  const dns = await original<typeof import('node:dns')>();
  const lookup = (host: string, options: LookupAllOptions, found: FoundAll): void => {
    if (host === 'evil.test') found(null, [{ address: '127.0.0.1', family: 4 }]);
    else dns.lookup(host, options, found);
  };
  return { ...dns, lookup };
});
type FoundAll = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

let scratch: string;
let image: TestImage;
let certificate: CertificateFiles;
let trust: Trust;
/** Of this machine's own service, which must not hear of anything. */
let victim: Server;
let connections: number;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
async function listening<S extends Server>(server: S): Promise<S> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-leads-'));
  const authority = await makeAuthority(scratch);
  const names = ['DNS:registry.test', 'DNS:localhost', 'IP:127.0.0.1'];
  certificate = await authority.issue('registry', names);
  trust = await readTrust([authority.cert]);
  image = await makeImage({ layers: [{ a: 'b' }] });
  victim = await listening(
    createServer((socket) => {
      connections++;
      socket.destroy();
    }),
  );
});
afterAll(async () => {
  victim.close();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(() => {
  connections = 0;
});

async function secure(answer: RequestListener): Promise<number> {
  const [key, cert] = [readFileSync(certificate.key), readFileSync(certificate.cert)];
  const server = await listening(createTlsServer({ key, cert }, answer));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return portOf(server);
}

/** Pulls from `registry.test`, which answers like this. @param direct only that name needs the proxy */
async function pull(answer: RequestListener, direct: boolean): Promise<void> {
  const port = await secure(answer);
  const proxy = await startProxy({ routes: { 'registry.test:443': `127.0.0.1:${port}` } });
  onTestFinished(() => proxy.stop());
  const all = proxyFinder({ HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url });
  const home = new Home(await mkdtemp(join(scratch, 'home-')));
  await pullImage(home, 'registry.test/app', {
    retry: { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 },
    proxyFor: (url) => (direct && url.hostname !== 'registry.test' ? undefined : all(url)),
    trust,
  });
}

const realm =
  (url: string): RequestListener =>
  (_request, response) =>
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${url}"` }).end();

/** Manifest and config as they are; every other blob is elsewhere. */
const redirecting =
  (url: string): RequestListener =>
  (request, response) => {
    const { manifest, config } = image;
    if (request.url?.includes('/manifests/') === true)
      response.writeHead(200, { 'content-type': manifest.mediaType }).end(manifest.bytes);
    else if (request.url?.endsWith(config.digest) === true) response.end(config.bytes);
    else response.writeHead(307, { location: url }).end();
  };

const HOSTS = [
  '127.0.0.1',
  'localhost',
  '[::ffff:127.0.0.1]',
  '2130706433',
  '169.254.169.254',
  '[::1]',
];

describe.each([
  ['straight', true, [...HOSTS, 'evil.test']],
  ['though all else takes the proxy', false, HOSTS],
])(
  'a registry of the world can not make us connect to this machine, %s',
  (_what, direct, hosts) => {
    it.each(hosts)('by a token realm at %s', async (host) => {
      const url = `https://${host}:${portOf(victim)}/token`;
      await expect(pull(realm(url), direct)).rejects.toMatchObject({
        code: 'registry-protocol',
        message: expect.stringContaining('an address that only this machine reaches') as string,
        hint: expect.stringContaining('marked as insecure') as string,
      });
      expect(connections).toBe(0);
    });

    it.each(hosts)('by a redirect to %s', async (host) => {
      const url = `https://${host}:${portOf(victim)}/blob`;
      await expect(pull(redirecting(url), direct)).rejects.toMatchObject({
        code: 'registry-protocol',
      });
      expect(connections).toBe(0);
    });
  },
);

it.each(['https', 'http'])(
  'an image can not make us connect to this machine by a foreign layer at %s',
  async (scheme) => {
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('one layer');
    const urls = [`${scheme}://127.0.0.1:${portOf(victim)}/layer`];
    const manifest = json(image.manifest.mediaType, {
      ...(JSON.parse(image.manifest.bytes.toString()) as object),
      layers: [{ ...descriptor(layer), urls }],
    });
    const answer: RequestListener = (request, response) => {
      if (request.url?.includes('/manifests/') === true)
        response.writeHead(200, { 'content-type': manifest.mediaType }).end(manifest.bytes);
      else if (request.url?.endsWith(image.config.digest) === true)
        response.end(image.config.bytes);
      else response.writeHead(404).end();
    };
    await expect(pull(answer, true)).rejects.toThrow(/is nowhere/);
    expect(connections).toBe(0);
  },
);

it.each([true, false])(
  'a registry that is marked as insecure (%s) may lead here',
  async (insecure) => {
    const storage = await secure((_request, response) => response.end('bytes'));
    const transport = new HttpTransport({ insecure, own: 'registry.test', trust });
    onTestFinished(() => transport.close());
    const answer = transport.get(new URL(`https://127.0.0.1:${storage}/`), {});
    if (insecure) expect((await answer).status).toBe(200);
    else await expect(answer).rejects.toMatchObject({ code: 'registry-protocol' });
  },
);

it('a registry that proves to be on this machine may lead to others there', async () => {
  const storage = await secure((_request, response) => response.end('bytes'));
  const registry = await secure((_request, response) =>
    response.writeHead(307, { location: `https://127.0.0.1:${storage}/` }).end(),
  );
  const transport = new HttpTransport({ insecure: false, own: 'localhost', trust });
  onTestFinished(() => transport.close());
  const { status, url } = await transport.get(new URL(`https://localhost:${registry}/`), {});
  expect([status, url.port]).toEqual([200, `${storage}`]);
});
