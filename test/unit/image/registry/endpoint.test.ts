import { expect, test } from 'vitest';
import { endpointsOf, isInsecure } from '../../../../src/image/registry/endpoint.js';

const INSECURE = [
  'lab.example.com:5000',
  'box',
  '10.0.0.0/8',
  'fd00::/8',
  'x/8',
  '/',
  '10.0.0.0/99',
];

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
  ['10.1.2.3:5000', true],
  ['11.1.2.3:5000', false],
  ['[fd12::1]:5000', true],
  ['10.example.com', false],
])('%s may be spoken to in the clear: %s', (registry, insecure) => {
  expect(isInsecure(registry, INSECURE)).toBe(insecure);
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
