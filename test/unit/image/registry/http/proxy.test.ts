import { describe, expect, test } from 'vitest';
import { proxyAuthorization, proxyFinder } from '../../../../../src/image/registry/http/proxy.js';

const http = 'http://proxy.test:3128';

function proxyOf(url: string, environment: Record<string, string>): string | undefined {
  return proxyFinder(environment)(new URL(url))?.host;
}

test.each([
  [{}, undefined, undefined],
  [{ HTTP_PROXY: http }, 'proxy.test:3128', undefined],
  [{ HTTPS_PROXY: http }, undefined, 'proxy.test:3128'],
  [{ https_proxy: http, http_proxy: 'http://other.test' }, 'other.test', 'proxy.test:3128'],
  [{ HTTPS_PROXY: http, https_proxy: 'http://lower.test' }, undefined, 'proxy.test:3128'],
  [{ HTTPS_PROXY: '', https_proxy: http }, undefined, 'proxy.test:3128'],
  [{ HTTPS_PROXY: 'proxy.test:3128' }, undefined, 'proxy.test:3128'],
  [{ HTTPS_PROXY: 'https://me:it@proxy.test' }, undefined, 'proxy.test'],
  [{ HTTPS_PROXY: http, NO_PROXY: '*' }, undefined, undefined],
])('%j: plain HTTP goes through %s, HTTPS through %s', (environment, plain, secure) => {
  expect(proxyOf('http://registry.test/v2/', environment)).toBe(plain);
  expect(proxyOf('https://registry.test/v2/', environment)).toBe(secure);
});

describe('NO_PROXY', () => {
  test.each([
    ['registry.test', 'https://registry.test/', true],
    ['registry.test', 'https://REGISTRY.test/', true],
    ['Registry.Test', 'https://registry.test./', true],
    ['registry.test', 'https://eu.registry.test/', true],
    ['registry.test', 'https://myregistry.test/', false],
    ['registry.test', 'https://registry.test.evil.org/', false],
    ['.registry.test', 'https://eu.registry.test/', true],
    ['.registry.test', 'https://registry.test/', false],
    ['*.registry.test', 'https://eu.registry.test/', true],
    ['*.registry.test', 'https://registry.test/', false],
    ['a.test, registry.test ,b.test', 'https://registry.test/', true],
    ['registry.test:8443', 'https://registry.test:8443/', true],
    ['registry.test:8443', 'https://registry.test/', false],
    ['registry.test:443', 'https://registry.test/', true],
    ['10.0.0.0/8', 'https://10.1.2.3:5000/', true],
    ['10.0.0.0/8', 'https://11.1.2.3:5000/', false],
    ['10.0.0.0/8', 'https://10.evil.org/', false],
    ['10.1.2.3', 'https://10.1.2.3:5000/', true],
    ['10.1.2.3:5000', 'https://10.1.2.3:5000/', true],
    ['10.1.2.3:5000', 'https://10.1.2.3/', false],
    ['fd00::/8', 'https://[fd12::1]:5000/', true],
    ['fd12::1', 'https://[fd12:0:0::1]/', true],
    ['[fd12::1]:5000', 'https://[fd12::1]:5000/', true],
    ['[fd12::1]:5000', 'https://[fd12::1]/', false],
    ['10.0.0.0/99,x/8,/,:,,', 'https://10.1.2.3/', false],
    ['', 'https://registry.test/', false],
  ])('%j frees %s: %s', (exempt, url, free) => {
    const found = proxyOf(url, { HTTPS_PROXY: http, no_proxy: exempt });
    expect(found === undefined).toBe(free);
  });

  test.each(['https://localhost:5000/', 'https://127.8.8.8/', 'https://[::1]:5000/'])(
    'needs no word for %s',
    (url) => {
      expect(proxyOf(url, { HTTPS_PROXY: http })).toBeUndefined();
    },
  );
});

test.each([
  ['http://', 'does not hold the address of a proxy', 'invalid-argument'],
  ['http://me:s3cret@', 'does not hold the address of a proxy', 'invalid-argument'],
  ['socks5://s3cret@proxy.test', 'a proxy of the kind "socks5"', 'unsupported'],
  ['http://me:s3cret%ff@proxy.test', 'malformed %-escape', 'invalid-argument'],
])('HTTPS_PROXY=%s is refused without repeating it', (value, message, code) => {
  try {
    proxyOf('https://registry.test/', { HTTPS_PROXY: value });
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect(String(error)).toContain('HTTPS_PROXY');
    expect(String(error)).not.toContain('s3cret');
  }
});

test('a proxy that can’t be used does no harm where none is needed', () => {
  const environment = { HTTPS_PROXY: 'socks5://proxy.test', NO_PROXY: 'near.test' };
  expect(proxyOf('https://near.test/', environment)).toBeUndefined();
  expect(proxyOf('https://localhost/', environment)).toBeUndefined();
  expect(proxyOf('http://registry.test/', environment)).toBeUndefined();
});

test('a proxy’s credentials are decoded from its URL', () => {
  expect(proxyAuthorization(new URL('http://proxy.test'))).toEqual({});
  const pair = Buffer.from('me@corp:p:w').toString('base64');
  expect(proxyAuthorization(new URL('http://me%40corp:p%3Aw@proxy.test'))).toEqual({
    'proxy-authorization': `Basic ${pair}`,
  });
});
