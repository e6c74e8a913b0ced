import { describe, expect, it } from 'vitest';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const homes = [
  ['with spaces, a quote and a comma', useHome("it's, a home")],
  ['longer than a socket path may be', useHome('long-'.repeat(40))],
] as const;

describe('a home in which no box has run yet', () => {
  const home = useHome();

  it('gives out the files of one that was only created', async () => {
    await home.ok(['create', '--name', 'box', 'busybox']);
    const archive = await home.boxlite(['cp', 'box:/etc/passwd', '-']);
    expect([archive.status, archive.stdout.includes('root:')]).toEqual([0, true]);
    await home.ok(['rm', 'box']);
  });
});

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
    // A running box does not show how far its command has come.
    await lookUntil(
      () => home.ok(['logs', 'box']),
      (said) => said === 'up',
    );
    expect(await home.ok(['stop', '-t', '0', 'box'])).toBe('box');
    expect(await home.ok(['rm', 'box'])).toBe('box');
    expect(await home.processes()).toEqual([]);
  });
});
