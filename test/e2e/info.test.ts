import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

describe('version', () => {
  it('is the package’s', async () => {
    const file = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
    expect(await home.ok(['--version'])).toContain(version);
    expect(await home.ok(['version'])).toContain(version);
  });
});

describe('info', () => {
  it('names home, QEMU, kernel, and the accelerator with the reason for it', async () => {
    const info = await home.ok(['info']);
    expect(info).toContain(home.path);
    expect(info).toMatch(/QEMU.*\d+\.\d+/i);
    expect(info).toMatch(/kernel.*\d+\.\d+/i);
    expect(info).toMatch(/(kvm|tcg)/i);
  });

  it('tells what isolates a box, and what the store takes', async () => {
    const { HostIsolation, Store } = JSON.parse(await home.ok(['info', '--format', 'json'])) as {
      HostIsolation: { Name: string; Stands: boolean }[];
      Store: Record<string, number>;
    };
    const stands = Object.fromEntries(HostIsolation.map((each) => [each.Name, each.Stands]));
    await home.ok(['run', '-d', '--name', 'isolated', 'busybox', 'sleep', '1000']);
    const [own] = JSON.parse(await home.ok(['inspect', 'isolated'])) as [
      { Boxlite: { Isolation: { user?: number; seccomp: boolean; walls: string[] } } },
    ];
    await home.ok(['rm', '-f', 'isolated']);
    expect(stands).toMatchObject({
      'own user': own.Boxlite.Isolation.user !== undefined,
      seccomp: own.Boxlite.Isolation.seccomp,
      landlock: own.Boxlite.Isolation.walls.includes('landlock'),
      'control groups': own.Boxlite.Isolation.walls.includes('cgroup'),
    });
    for (const part of ['Blobs', 'Layers', 'Disks', 'Templates', 'Assets'])
      expect(Store[part]).toBeGreaterThan(0);
    const listed = await home.ok(['system', 'df', '--format', '{{.Type}} {{.TotalCount}}']);
    expect(listed).toMatch(/^Templates [1-9]/m);
  });
});

describe('help', () => {
  const commands = [[], ['run'], ['exec'], ['ps'], ['logs'], ['image', 'ls']];
  it.each(commands.map((command) => ({ command })))(
    'is on stdout for $command',
    async ({ command }) => {
      expect(await home.ok([...command, '--help'])).toMatch(/Usage:/);
    },
  );
});
