import { expect, test } from 'vitest';
import {
  HUB_KEY,
  isKeyOf,
  keyOfRegistry,
  registryOfServer,
} from '../../../../src/image/credentials/server-address.js';

test.each([
  [undefined, 'docker.io', HUB_KEY],
  ['', 'docker.io', HUB_KEY],
  ['docker.io', 'docker.io', HUB_KEY],
  ['index.docker.io', 'docker.io', HUB_KEY],
  ['registry-1.docker.io', 'docker.io', HUB_KEY],
  ['https://index.docker.io/v1/', 'docker.io', HUB_KEY],
  ['quay.io', 'quay.io', 'quay.io'],
  ['https://quay.io', 'quay.io', 'quay.io'],
  ['http://registry.test:5000/v2/', 'registry.test:5000', 'registry.test:5000'],
  ['quay.io/team/app', 'quay.io', 'quay.io'],
  ['registry', 'registry', 'registry'],
  ['localhost', 'localhost', 'localhost'],
  ['[::1]:5000', '[::1]:5000', '[::1]:5000'],
])('%s is the registry %s, kept under %s', (server, registry, key) => {
  expect(registryOfServer(server)).toBe(registry);
  expect(keyOfRegistry(registry)).toBe(key);
});

test.each([
  'bad host',
  'me:pw@registry.test',
  '-x',
  'https://',
  'host:port',
  'ftp://registry.test',
])('%j is no registry', (server) => {
  expect(() => registryOfServer(server)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }) as Error,
  );
});

test('a password in front of a registry is not repeated', () => {
  expect(() => registryOfServer('https://me:s3cret@quay.io/v2/')).toThrow(
    'not a registry: "https://…@quay.io/v2/"',
  );
});

test.each([
  ['quay.io', 'quay.io', true],
  ['https://quay.io/v1/', 'quay.io', true],
  ['http://quay.io', 'quay.io', true],
  ['quay.io:443', 'quay.io', false],
  ['notquay.io', 'quay.io', false],
  ['quay.io.evil.org', 'quay.io', false],
  [HUB_KEY, 'docker.io', true],
  ['docker.io', 'docker.io', true],
  ['https://index.docker.io/v2/', 'docker.io', true],
  ['HTTPS://Index.Docker.IO/v1/', 'docker.io', true],
  ['registry-1.docker.io/', 'docker.io', true],
  ['Registry.Test:5000', 'registry.test:5000', true],
  ['https://registry.test:5000/v2/', 'Registry.Test:5000', true],
  [`${HUB_KEY}refresh-token`, 'docker.io', false],
  ['quay.io', 'docker.io', false],
])('the key %s is of %s: %s', (key, registry, is) => {
  expect(isKeyOf(key, registry)).toBe(is);
});
