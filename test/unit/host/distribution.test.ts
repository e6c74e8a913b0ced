import { describe, expect, it } from 'vitest';
import { installHint } from '../../../src/host/distribution.js';

describe('installHint', () => {
  it.each([
    ['ID=debian\n', 'xz', 'install it: apt-get install xz-utils'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'xz', 'install it: apt-get install xz-utils'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'zstd', 'install it: dnf install zstd'],
    ['NAME=x\nID=arch\n', 'busybox-static', 'install it: pacman -S busybox'],
    ['ID=alpine\n', 'busybox-static', 'install it: apk add busybox-static'],
    ['ID="opensuse-tumbleweed"\n', 'e2fsprogs', 'install it: zypper install e2fsprogs'],
    ['ID=somethingelse\n', 'lz4', "install lz4 with the system's package manager"],
    ['', 'lz4', "install lz4 with the system's package manager"],
  ] as const)('for %j names the package of %s', (osRelease, tool, hint) => {
    expect(installHint(tool, osRelease)).toBe(hint);
  });
});
