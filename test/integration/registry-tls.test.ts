import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { Home } from '../../src/host/home.js';
import { checkLogin } from '../../src/image/registry/auth/login.js';
import { readTrust } from '../../src/image/registry/http/trust.js';
import type { RegistryOptions } from '../../src/image/registry/options.js';
import { pullImage } from '../../src/image/transfer/pull.js';
import { makeAuthority, type TestAuthority } from '../helpers/certificates.js';
import { makeImage, pushImage, type TestImage } from '../helpers/images.js';
import { BASIC_LOGIN, startRegistry, type TestRegistry } from '../helpers/registry.js';

const retry = { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 };

let scratch: string;
let authority: TestAuthority;
let registry: TestRegistry;
let image: TestImage;
/** The registry by a name that is held to its certificate: `localhost` and 127.x are not. */
let host: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-tls-'));
  authority = await makeAuthority(scratch);
  const tls = await authority.issue('registry', ['IP:127.0.0.1', 'IP:0.0.0.0']);
  registry = await startRegistry({ tls, basic: BASIC_LOGIN });
  host = registry.host.replace('127.0.0.1', '0.0.0.0');
  image = await makeImage({ layers: [{ a: 'b' }] });
  await pushImage(`${registry.host}/app`, [image], 'me:pass:word');
});
afterAll(async () => {
  await registry.stop();
  await rm(scratch, { recursive: true, force: true });
});

async function trusting(...files: string[]): Promise<RegistryOptions> {
  const credentials = () => Promise.resolve(BASIC_LOGIN);
  return { retry, credentials, trust: await readTrust(files) };
}

test('a registry of a private authority is trusted when that is', async () => {
  const options = await trusting(authority.cert);
  const pulled = await pullImage(new Home(join(scratch, 'one')), `${host}/app`, options);
  expect(pulled.digest).toBe(image.manifest.digest);
  expect(await checkLogin(host, BASIC_LOGIN, options)).toBeUndefined();
});

test('an authority among several in one file is trusted', async () => {
  const other = await makeAuthority(scratch, 'other');
  const bundle = join(scratch, 'bundle.pem');
  const [first, second] = await Promise.all([readFile(other.cert), readFile(authority.cert)]);
  await writeFile(bundle, Buffer.concat([Buffer.from('# ours\n'), first, second]));
  expect(await checkLogin(host, BASIC_LOGIN, await trusting(bundle))).toBeUndefined();
});

test('an authority that Node was told of stays trusted beside another', async () => {
  const other = await makeAuthority(scratch, 'second');
  vi.stubEnv('NODE_EXTRA_CA_CERTS', authority.cert);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await checkLogin(host, BASIC_LOGIN, await trusting(other.cert))).toBeUndefined();
});

test('an authority in the system’s set is trusted', async () => {
  vi.stubEnv('SSL_CERT_FILE', authority.cert);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await checkLogin(host, BASIC_LOGIN, await trusting())).toBeUndefined();
});

test('a damaged certificate in the system’s set does no harm to the others', async () => {
  const set = join(scratch, 'set.pem');
  const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  await writeFile(set, `${damaged}${await readFile(authority.cert, 'utf8')}`);
  vi.stubEnv('SSL_CERT_FILE', set);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await checkLogin(host, BASIC_LOGIN, await trusting())).toBeUndefined();
});

test('a registry of an authority nobody named is refused, before it is shown who we are', async () => {
  const impostor = await makeAuthority(scratch, 'impostor');
  for (const options of [await trusting(), await trusting(impostor.cert)])
    await expect(checkLogin(host, BASIC_LOGIN, options)).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining('certificate is not trusted') as string,
      hint: expect.stringContaining('--ca-cert FILE') as string,
    });
});

test('a certificate for another name is refused though its authority is trusted', async () => {
  const tls = await authority.issue('elsewhere', ['DNS:elsewhere.test']);
  const wrong = await startRegistry({ tls });
  try {
    const name = wrong.host.replace('127.0.0.1', '0.0.0.0');
    const options = await trusting(authority.cert);
    await expect(checkLogin(name, BASIC_LOGIN, options)).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') as string,
    });
  } finally {
    await wrong.stop();
  }
});

test('a registry that is named insecure needs no authority', async () => {
  const options = { ...(await trusting()), insecure: [host] };
  expect(await checkLogin(host, BASIC_LOGIN, options)).toBeUndefined();
});

test.each([
  ['missing.pem', undefined, 'path-not-found', 'read '],
  ['empty.pem', '', 'invalid-argument', 'holds no certificate'],
  ['key.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n', 'invalid-argument', 'holds no certificate'],
  [
    'damaged.pem',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    'invalid-argument',
    'holds a damaged certificate',
  ],
])('the file of authorities %s is refused by name', async (name, content, code, message) => {
  const file = join(scratch, name);
  if (content !== undefined) await writeFile(file, content);
  const error: unknown = await readTrust([authority.cert, file]).catch((e: unknown) => e);
  expect(error).toMatchObject({ code, message: expect.stringContaining(file) as string });
  expect(String(error)).toContain(message);
});
