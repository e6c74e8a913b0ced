import { expect, test } from 'vitest';
import { readablePaths } from '../../../../src/vmm/qemu/readable-paths.js';

const system = readablePaths('/usr/bin/qemu-system-x86_64');

/** What a program gets besides the system's directories. */
const beside = (program: string): string[] =>
  readablePaths(program).filter((path) => !system.includes(path));

test('a program of the system has the system’s directories, and nothing of a user’s', () => {
  expect(system).toContain('/usr');
  expect(
    system.filter((path) => /^\/(home|root|var|srv|run|tmp|proc|sys|opt|etc|dev)?$/.test(path)),
  ).toEqual([]);
  expect(beside('/usr/local/bin/qemu-system-x86_64')).toEqual([]);
});

test.each([
  ['/nix/store/abc-qemu/bin/qemu-system-x86_64', ['/nix/store']],
  [
    '/opt/qemu/bin/qemu-system-x86_64',
    [
      '/opt/qemu/bin/qemu-system-x86_64',
      ...['/opt/qemu/bin/qemu-bundle', '/opt/qemu/bin/pc-bios'],
      '/opt/qemu/pc-bios',
      ...['/opt/qemu/lib', '/opt/qemu/lib64', '/opt/qemu/libexec'],
      ...['/opt/qemu/share/qemu', '/opt/qemu/share/qemu-firmware', '/opt/qemu/share/seabios'],
    ],
  ],
  [
    '/home/me/qemu-system-x86_64',
    [
      ...['/home/me/qemu-system-x86_64', '/home/me/qemu-bundle', '/home/me/pc-bios'],
      '/home/pc-bios',
    ],
  ],
])('%s brings what lies beside it, and never a whole home', (program, paths) => {
  expect(beside(program)).toEqual(paths);
});
