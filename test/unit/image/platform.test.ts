import { expect, test } from 'vitest';

import {
  choosePlatform,
  formatPlatform,
  parsePlatform,
  sameMachine,
} from '../../../src/image/platform.js';

test.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['arm64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/6', 'linux/arm/v6'],
  ['LINUX/AMD64/v3', 'linux/amd64/v3'],
])('%s is %s', (text, normal) => {
  expect(formatPlatform(parsePlatform(text))).toBe(normal);
});

test.each(['', 'linux/', '/amd64', 'a/b/c/d', 'linux/amd64 ', '../x'])('%j is refused', (text) => {
  expect(() => parsePlatform(text)).toThrow(`invalid platform ${JSON.stringify(text)}`);
});

test('machines are compared without their variants', () => {
  const arm = { os: 'linux', architecture: 'arm' };
  expect(sameMachine({ ...arm, variant: 'v5' }, { ...arm, variant: 'v7' })).toBe(true);
  expect(sameMachine(arm, { os: 'linux', architecture: 'arm64' })).toBe(false);
});

test('a variant nobody offers falls back to the plain architecture', () => {
  const plain = { platform: { os: 'linux', architecture: 'amd64' } };
  const wanted = { os: 'linux', architecture: 'amd64', variant: 'v3' };
  expect(choosePlatform([plain], wanted)).toBe(plain);
});
