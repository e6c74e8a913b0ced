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
