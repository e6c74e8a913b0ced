import { expect, test } from 'vitest';
import {
  answersTo,
  formatPlatform,
  hostPlatform,
  parsePlatform,
  type Platform,
  rankPlatforms,
  readPlatform,
  sameMachine,
} from '../../../../src/image/oci/platform.js';

test.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['arm64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/6', 'linux/arm/v6'],
  ['LINUX/AMD64/v3', 'linux/amd64/v3'],
  ['amd64', 'linux/amd64'],
  ['x86-64', 'linux/amd64'],
  ['linux/amd64/v1', 'linux/amd64'],
  ['linux/i386', 'linux/386'],
  ['linux', formatPlatform(hostPlatform())],
  ['armel', 'linux/arm/v6'],
  ['macos/arm64', 'darwin/arm64'],
])('%s is %s', (text, normal) => {
  expect(formatPlatform(parsePlatform(text))).toBe(normal);
});

test.each(['', 'linux/', '/amd64', 'a/b/c/d', 'linux/amd64 ', '../x'])('%j is refused', (text) => {
  expect(() => parsePlatform(text)).toThrow(`invalid platform ${JSON.stringify(text)}`);
});

test.each(['amd46', 'v8'])('%j alone is refused: nobody knows what it is', (text) => {
  expect(() => parsePlatform(text)).toThrow('neither an operating system nor an architecture');
});

test.each([
  ['linux/amd64', 'linux/x86_64', true],
  ['linux/amd64', 'amd64', true],
  ['linux/amd64', 'linux/amd64/v2', true],
  ['linux/amd64/v3', 'linux/amd64', false],
  ['linux/386', 'linux/amd64', true],
  ['linux/amd64', 'linux/386', false],
  ['linux/arm64/v8', 'linux/arm64', true],
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/arm64', 'linux/amd64', false],
  ['linux/arm/v7', 'linux/arm64', true],
  ['linux/arm/v8', 'linux/arm/v7', false],
  // Which of them it is, an image without a variant does not tell.
  ['linux/arm', 'linux/arm/v5', true],
  ['windows/amd64', 'linux/amd64', false],
  ['/', 'linux/amd64', true],
])('an image for %s answers to %s: %s', (has, wanted, answers) => {
  expect(answersTo(readPlatform(has), parsePlatform(wanted))).toBe(answers);
});

test('machines are compared without their variants', () => {
  const arm = { os: 'linux', architecture: 'arm' };
  expect(sameMachine({ ...arm, variant: 'v5' }, { ...arm, variant: 'v7' })).toBe(true);
  expect(sameMachine(arm, { os: 'linux', architecture: 'arm64' })).toBe(false);
});

const offer = (text: string): { platform: Platform } => {
  const [os = '', architecture = '', variant] = text.split('/');
  return { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
};

test.each<[wanted: string, offered: string[], ranked: string[]]>([
  // 32-bit ARM: each level runs those below it, none above it; without one it is v7.
  ['linux/arm/v7', ['arm/v5', 'arm/v6', 'arm/v7', 'arm/v8'], ['arm/v7', 'arm/v6', 'arm/v5']],
  ['linux/arm/v6', ['arm/v8', 'arm/v7', 'arm/v5', 'arm/v6'], ['arm/v6', 'arm/v5']],
  ['linux/arm/v8', ['arm/v6', 'arm/v8', 'arm/v7'], ['arm/v8', 'arm/v7', 'arm/v6']],
  ['linux/arm/v5', ['arm/v6', 'arm/v7'], []],
  ['linux/arm', ['arm', 'arm/v6'], ['arm', 'arm/v6']],
  ['linux/arm/v7', ['arm', 'armhf', 'arm/7'], ['arm', 'armhf', 'arm/7']],
  // 64-bit ARM is v8 whether it says so or not; 32-bit programs are better than none.
  [
    'linux/arm64',
    ['arm64/v8', 'arm/v8', 'arm64', 'aarch64'],
    ['arm64/v8', 'arm64', 'aarch64', 'arm/v8'],
  ],
  ['linux/arm64/v9', ['arm64/v8', 'arm64/v9'], ['arm64/v9', 'arm64/v8']],
  ['linux/arm64', ['arm64/v9'], []],
  ['linux/amd64', ['amd64/v2', 'amd64', 'amd64/v1'], ['amd64', 'amd64/v1']],
  ['linux/amd64', ['386', 'amd64'], ['amd64', '386']],
  ['linux/386', ['amd64', 'i386'], ['i386']],
  ['linux/amd64/v3', ['amd64', 'amd64/v2', 'amd64/v4'], ['amd64/v2', 'amd64']],
  ['linux/riscv64/x', ['riscv64', 'riscv64/x'], ['riscv64/x', 'riscv64']],
])('%s takes the best of %j first', (wanted, offered, ranked) => {
  const found = rankPlatforms(
    offered.map((text) => offer(`linux/${text}`)),
    parsePlatform(wanted),
  );
  expect(found).toEqual(ranked.map((text) => offer(`linux/${text}`)));
});

test('another operating system is not taken', () => {
  expect(rankPlatforms([offer('windows/amd64')], parsePlatform('linux/amd64'))).toEqual([]);
});
