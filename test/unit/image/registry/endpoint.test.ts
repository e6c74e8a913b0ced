import { expect, test } from 'vitest';

import { endpointsOf, isInsecure } from '../../../../src/image/registry/endpoint.js';

test.each([
  ['localhost', true],
  ['localhost:5000', true],
  ['127.0.0.1:5000', true],
  ['127.255.1.2', true],
  ['[::1]:5000', true],
  ['lab.example.com:5000', true],
  ['box', true],
  ['box:443', true],
  ['lab.example.com', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['docker.io', false],
])('%s may be spoken to in the clear: %s', (registry, insecure) => {
  expect(isInsecure(registry, ['lab.example.com:5000', 'box'])).toBe(insecure);
});

test('a trusted registry is reached by HTTPS alone', () => {
  const bases = (registry: string, insecure: boolean): string[] =>
    endpointsOf(registry, insecure).map(({ base }) => base.href);
  expect(bases('quay.example.com', false)).toEqual(['https://quay.example.com/']);
  expect(bases('localhost:5000', true)).toEqual([
    'http://localhost:5000/',
    'https://localhost:5000/',
  ]);
});
