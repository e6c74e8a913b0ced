import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { pullImage } from '../../src/image/transfer/pull.js';
import { type FakeRegistry, startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage, type TestImage } from '../helpers/images.js';

let scratch: string;
let image: TestImage;
let plain: FakeRegistry;
let server: Server;
let port: number;

/** A TLS server with a certificate nobody vouches for, in front of a registry. */
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-tls-'));
  const [key, cert] = [join(scratch, 'key.pem'), join(scratch, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  await execa('openssl', [
    'req',
    '-x509',
    ...curve,
    '-nodes',
    ...subject,
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  image = await makeImage({ layers: [{ a: 'b' }] });
  plain = await startFakeRegistry([image]);
  const pem = { key: await readFile(key), cert: await readFile(cert) };
  server = createServer(pem, (request, response) => {
    void fetch(`http://${plain.host}${request.url ?? ''}`).then(async (answer) => {
      const headers = { 'content-type': answer.headers.get('content-type') ?? '' };
      response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  ({ port } = address);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await plain.stop();
  await rm(scratch, { recursive: true, force: true });
});

test('a registry of this machine that speaks TLS is reached without trust', async () => {
  const home = new Home(join(scratch, 'local'));
  const { image: stored } = await pullImage(home, `localhost:${port}/a`);
  expect(stored.manifestDigest).toBe(image.manifest.digest);
});

test('a certificate nobody vouches for is refused, with what to do', async () => {
  const home = new Home(join(scratch, 'untrusted'));
  const retry = { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 };
  // Any name but localhost and 127.x is held to its certificate.
  const host = `0.0.0.0:${port}`;
  await expect(pullImage(home, `${host}/a`, { retry })).rejects.toMatchObject({
    code: 'registry-unreachable',
    message: expect.stringContaining('certificate is not trusted') as string,
    hint: expect.stringContaining('insecure') as string,
  });
  const pulled = await pullImage(home, `${host}/a`, { retry, insecure: [host] });
  expect(pulled.image.manifestDigest).toBe(image.manifest.digest);
});
