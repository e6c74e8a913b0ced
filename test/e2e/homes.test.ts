import { describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const homes = [
  ['with spaces, a quote and a comma', useHome("it's, a home")],
  ['longer than a socket path may be', useHome('long-'.repeat(40))],
] as const;

describe.each(homes)('a home %s', (_what, home) => {
  it('runs, execs, logs and removes', async () => {
    expect(await home.ok(['run', '--rm', 'busybox', 'echo', 'hi'])).toBe('hi');
    await home.ok([
      'run',
      '-d',
      '--name',
      'box',
      'busybox',
      'sh',
      '-c',
      'echo up; exec sleep 6000',
    ]);
    expect(await home.ok(['exec', 'box', 'echo', 'in'])).toBe('in');
    expect(await home.ok(['logs', 'box'])).toBe('up');
    expect(await home.ok(['stop', '-t', '0', 'box'])).toBe('box');
    expect(await home.ok(['rm', 'box'])).toBe('box');
    expect(await home.processes()).toEqual([]);
  });
});
