import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setup, type SetupEvent, type SetupOptions } from '../../src/engine/setup/setup.js';
import { Home } from '../../src/host/home.js';
import { findQemu } from '../../src/vmm/qemu/binary.js';
import { fakeGzipKernel } from '../helpers/fake-kernel.js';

const PROGRAMS = [
  ...['boxlite-guest', 'boxlite-shim', 'boxlite-net', 'boxlite-hub', 'boxlite-ram.so'],
  ...['boxlite-archive', 'boxlite-host'],
];

let root: string;
let home: Home;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup test '));
  home = new Home(join(root, 'home'));
  mkdirSync(join(root, 'native'));
  for (const name of PROGRAMS) writeFileSync(join(root, 'native', name), name);
  vi.stubEnv('BOXLITE_NATIVE', join(root, 'native'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function placeQemu(version: string): string {
  const path = join(root, 'qemu');
  const script = `echo x >> "${path}.calls"; echo "QEMU emulator version ${version}"`;
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('findQemu', () => {
  it('gives the version in numbers and as printed', async () => {
    const path = placeQemu('8.2.1 (Debian 1:8.2.1-1)');
    expect(await findQemu(home, path)).toMatchObject({
      path,
      version: [8, 2, 1],
      versionText: '8.2.1 (Debian 1:8.2.1-1)',
    });
  });

  it('asks a program once, and again when it has changed', async () => {
    const path = placeQemu('8.2.1');
    const first = await findQemu(home, path);
    expect(await findQemu(home, path)).toEqual(first);
    expect(readFileSync(`${path}.calls`, 'utf8')).toBe('x\n');
    placeQemu('10.0.20');
    const second = await findQemu(home, path);
    expect(second.version).toEqual([10, 0, 20]);
    expect(second.build).not.toBe(first.build);
  });

  it('refuses one that is too old', async () => {
    const path = placeQemu('6.2.0 (Debian 1:6.2)');
    await expect(findQemu(home, path)).rejects.toMatchObject({
      code: 'setup-needed',
      message: `QEMU 6.2.0 (${path}) is too old, 7.2 or newer is needed`,
    });
  });

  it('refuses a program that is not QEMU', async () => {
    await expect(findQemu(home, '/bin/true')).rejects.toMatchObject({ code: 'setup-needed' });
  });

  it('says where it looked, or that it is not installed', async () => {
    await expect(findQemu(home, '/nowhere/qemu')).rejects.toThrow(
      'there is no QEMU at /nowhere/qemu',
    );
    vi.stubEnv('PATH', '/nowhere');
    await expect(findQemu(home)).rejects.toMatchObject({
      code: 'setup-needed',
      message: expect.stringMatching(/^qemu-system-\w+ is not installed$/) as string,
    });
  });
});

describe('setup', () => {
  /** A store and templates in memory. */
  function options(): SetupOptions & { imports: string[] } {
    const imports: string[] = [];
    let templates = 0;
    const accelerator = { name: 'tcg', reason: 'there is no KVM', cure: 'buy one' } as const;
    writeFileSync(join(root, 'vmlinuz'), fakeGzipKernel('6.1.0-1'));
    return {
      imports,
      qemu: placeQemu('8.2.1'),
      kernel: join(root, 'vmlinuz'),
      prepareTemplate: () => Promise.resolve({ made: templates++ === 0, accelerator }),
      findImage: () => Promise.resolve(imports.at(-1)),
      importImage: async (source, { reference }) => {
        for await (const chunk of source) expect(chunk.length % 512).toBe(0);
        imports.push(`${reference} ${imports.length}`);
        return imports.at(-1) ?? '';
      },
    };
  }
  const statuses = (report: Awaited<ReturnType<typeof setup>>): Record<string, string> =>
    Object.fromEntries(report.steps.map((step) => [step.name, step.status]));

  it('does what is missing, then has nothing to do', async () => {
    const all = options();
    const first = await setup(home, all);
    expect(first.ok).toBe(true);
    expect(statuses(first)).toEqual({
      qemu: 'skipped',
      mke2fs: 'skipped',
      native: 'skipped',
      kernel: 'done',
      image: 'done',
      template: 'done',
    });
    expect(first.steps.at(-1)?.detail).toBe(
      'booted and saved; boxes run by emulation (there is no KVM; to change that: buy one)',
    );
    const second = await setup(home, all);
    expect(new Set(Object.values(statuses(second)))).toEqual(new Set(['skipped']));
    expect(all.imports).toEqual(['localhost/busybox:latest 0']);
  });

  it('imports the image again when the store has another by its name', async () => {
    const all = options();
    await setup(home, all);
    const report = await setup(home, { ...all, findImage: () => Promise.resolve('another') });
    expect(statuses(report)).toMatchObject({ image: 'done' });
  });

  it('tries every step whose needs are met, and keeps each failure', async () => {
    const all = { ...options(), qemu: '/nowhere/qemu', kernel: '/nowhere/vmlinuz' };
    const report = await setup(home, all);
    expect(report.ok).toBe(false);
    expect(statuses(report)).toMatchObject({
      qemu: 'failed',
      kernel: 'failed',
      image: 'done',
      template: 'skipped',
    });
    expect(report.steps.find((step) => step.name === 'template')?.detail).toBe(
      'needs qemu, kernel',
    );
    expect(report.steps[0]?.error?.code).toBe('setup-needed');
  });

  it('tells each step as it begins and ends', async () => {
    const events: SetupEvent[] = [];
    await setup(home, { ...options(), onStep: (event) => events.push(event) });
    const kernel = events.filter(
      (event) => (event.kind === 'end' ? event.result.name : event.name) === 'kernel',
    );
    expect(kernel.map((event) => event.kind)).toEqual(['begin', 'progress', 'progress', 'end']);
  });
});
