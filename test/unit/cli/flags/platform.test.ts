import { expect, test } from 'vitest';
import { readPlatformFlag } from '../../../../src/cli/flags/platform.js';

const read = (given: string | undefined, variable?: string) =>
  readPlatformFlag({ environment: { DOCKER_DEFAULT_PLATFORM: variable } }, given);

test.each([
  [undefined, undefined, undefined],
  [undefined, '', undefined],
  [undefined, 'linux/arm64', 'linux/arm64'],
  ['amd64', 'linux/arm64', 'amd64'],
  ['', 'linux/arm64', undefined],
])('--platform %j and a variable of %j ask for %j', (given, variable, platform) => {
  expect(read(given, variable)).toBe(platform);
});

test('what is wrong is told with the place it stands in', () => {
  expect(() => read('a/b/c/d', 'linux/arm64')).toThrow(/^invalid platform "a\/b\/c\/d"/);
  expect(() => read(undefined, 'amd46')).toThrow(/^DOCKER_DEFAULT_PLATFORM: invalid platform/);
});
