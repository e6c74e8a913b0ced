import { expect, test } from 'vitest';
import { newestDate } from '../../../src/build/changelog.mjs';

test('the manual has the date of the newest release, not of what is unreleased', () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n- x\n\n## [0.2.0] - 2027-01-31\n\n## [0.1.0] - 2026-11-30\n';
  expect(newestDate(changelog)).toBe('2027-01-31');
});

test('a changelog without a release is refused', () => {
  expect(() => newestDate('# Changelog\n\n## [Unreleased]\n')).toThrow('no section with a date');
});
