import { expect, test } from 'vitest';
import { followRedirect } from '../../../../../src/image/registry/http/redirect.js';

const from = {
  url: new URL('https://registry.example.com/v2/a/blobs/x'),
  headers: { Authorization: 'Bearer t', Cookie: 'c', accept: '*/*' },
};

test.each([
  ['/elsewhere', 'https://registry.example.com/elsewhere', true],
  ['https://registry.example.com:443/y', 'https://registry.example.com/y', true],
  ['https://registry.example.com:8443/y', 'https://registry.example.com:8443/y', false],
  ['https://registry.example.com.evil.org/y', 'https://registry.example.com.evil.org/y', false],
  ['//cdn.example.com/y', 'https://cdn.example.com/y', false],
  ['https://user:pw@cdn.example.com/y', 'https://cdn.example.com/y', false],
])('a redirect to %s goes to %s, credentials with it: %s', (location, target, kept) => {
  const hop = followRedirect(from, location, false);
  expect(hop.url.href).toBe(target);
  expect(hop.headers).toEqual(kept ? from.headers : { accept: '*/*' });
});

test.each([
  ['http://registry.example.com/y', 'plain HTTP'],
  ['file:///etc/passwd', 'a file: address'],
  ['http://[', 'nowhere'],
  [undefined, 'nowhere'],
])('a redirect to %s is refused', (location, reason) => {
  expect(() => followRedirect(from, location, false)).toThrow(reason);
});

test('a registry marked insecure may redirect to plain HTTP, still without credentials', () => {
  const hop = followRedirect(from, 'http://registry.example.com/y', true);
  expect(hop.headers).toEqual({ accept: '*/*' });
});
