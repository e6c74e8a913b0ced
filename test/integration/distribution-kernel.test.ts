import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAssets, prepareAssets } from '../../src/vmm/assets/assets.js';
import {
  home,
  MODULES,
  place,
  placeProgram,
  root,
  useAssetsPlace,
} from '../helpers/assets-place.js';
import { fakeGzipKernel, fakeModule } from '../helpers/fake-kernel.js';

useAssetsPlace();

describe('the distribution’s kernel', () => {
  /** apt-cache and apt-get as they answer, with packages that dpkg-deb builds. */
  function placeApt(packages: Record<string, { depends: string; files: Record<string, Buffer> }>) {
    for (const [name, { depends, files }] of Object.entries(packages)) {
      const control = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n${depends === '' ? '' : `Depends: ${depends}\n`}`;
      place(`debs/${name}/DEBIAN/control`, control);
      place(`lists/${name}`, control);
      for (const [path, data] of Object.entries(files)) place(`debs/${name}/${path}`, data);
      execFileSync('dpkg-deb', [
        '-Znone',
        '-b',
        join(root, 'debs', name),
        join(root, `${name}.deb`),
      ]);
    }
    placeProgram('apt-cache', `shift 2; cat "${root}/lists/$1"`);
    placeProgram(
      'apt-get',
      `while [ "$1" != download ]; do shift; done; shift\nfor p; do cp "${root}/$p.deb" . || exit 1; done`,
    );
  }

  const ours = (): string => (process.arch === 'arm64' ? 'linux-image-arm64' : 'linux-image-amd64');
  const moduleFiles = (prefix: string): Record<string, Buffer> =>
    Object.fromEntries(
      MODULES.map((name) => [`${prefix}/6.1.0-1/kernel/${name}.ko`, fakeModule('')]),
    );

  it('is unpacked from one package, as Debian has it', async () => {
    placeApt({
      [ours()]: { depends: 'linux-image-6.1.0-1 (= 6.1)', files: {} },
      'linux-image-6.1.0-1': {
        depends: 'kmod, linux-base (>= 4.3~) | other',
        files: { 'boot/vmlinuz-6.1.0-1': fakeGzipKernel('6.1.0-1'), ...moduleFiles('lib/modules') },
      },
      kmod: { depends: '', files: {} },
    });
    const stages: string[] = [];
    const assets = await prepareAssets(home, { onProgress: (stage) => stages.push(stage) });
    expect(assets).toMatchObject({ kernelVersion: '6.1.0-1', kernelOrigin: 'linux-image-6.1.0-1' });
    expect(stages).toEqual([
      'downloading linux-image-6.1.0-1 (about 70 MB)',
      'extracting the kernel of linux-image-6.1.0-1',
      'writing the initramfs',
    ]);
    expect(readdirSync(home.assets()).filter((name) => name.startsWith('.new-'))).toEqual([]);
  });

  it('is made anew by set-up when another version chose its modules, and kept when it can’t be', async () => {
    const files = {
      'boot/vmlinuz-6.1.0-1': fakeGzipKernel('6.1.0-1'),
      ...moduleFiles('lib/modules'),
    };
    const packages = {
      [ours()]: { depends: 'linux-image-6.1.0-1', files: {} },
      'linux-image-6.1.0-1': { depends: '', files },
    };
    placeApt(packages);
    const first = await prepareAssets(home);
    const path = join(home.assets(), 'assets.json');
    const written = readFileSync(path, 'utf8');
    const older = written.replace(/"wantedSha256": "\w+"/, '"wantedSha256": "0"');
    expect(older).not.toBe(written);
    writeFileSync(path, older);

    const fuse = { 'lib/modules/6.1.0-1/kernel/fuse.ko': fakeModule('') };
    placeApt({ ...packages, 'linux-image-6.1.0-1': { depends: '', files: { ...files, ...fuse } } });
    // A start does not wait for a download.
    expect((await loadAssets(home)).digest).toBe(first.digest);
    placeProgram('apt-get', 'echo "E: 404  Not Found" >&2; exit 100');
    const stages: string[] = [];
    const kept = await prepareAssets(home, { onProgress: (stage) => stages.push(stage) });
    expect(kept).toEqual({ ...first, made: { kernel: false, initramfs: false } });
    expect(stages.at(-1)).toMatch(/^keeping the kernel that is here: can't download /);

    placeApt({ ...packages, 'linux-image-6.1.0-1': { depends: '', files: { ...files, ...fuse } } });
    const anew = await prepareAssets(home);
    expect(anew.made).toEqual({ kernel: true, initramfs: true });
    expect(readFileSync(anew.initramfs).includes('modules/fuse.ko')).toBe(true);
    expect((await prepareAssets(home)).made).toEqual({ kernel: false, initramfs: false });
  });

  it('gets the modules for boxes that another version did not want, though all else is the same', async () => {
    const files = {
      'boot/vmlinuz-6.1.0-1': fakeGzipKernel('6.1.0-1'),
      ...moduleFiles('lib/modules'),
    };
    const packagesOf = (more: object) => ({
      [ours()]: { depends: 'linux-image-6.1.0-1', files: {} },
      'linux-image-6.1.0-1': { depends: '', files: { ...files, ...more } },
    });
    placeApt(packagesOf({}));
    const first = await prepareAssets(home);
    const path = join(home.assets(), 'assets.json');
    const written = readFileSync(path, 'utf8');
    writeFileSync(path, written.replace(/"wantedSha256": "\w+"/, '"wantedSha256": "0"'));
    placeApt(packagesOf({ 'lib/modules/6.1.0-1/kernel/fs/xfs/xfs.ko': fakeModule('') }));
    const { digest, modules = '' } = await prepareAssets(home);
    expect(digest).toBe(first.digest);
    expect(readFileSync(join(modules, '6.1.0-1/modules.dep'), 'utf8')).toContain('/xfs.ko:');
  });

  it('is put together from image and modules, as Ubuntu has them', async () => {
    placeApt({
      'linux-image-generic': {
        depends: 'linux-image-6.8.0-1-generic, linux-modules-extra-6.8.0-1-generic, linux-firmware',
        files: {},
      },
      'linux-image-6.8.0-1-generic': {
        depends: 'kmod, linux-modules-6.8.0-1-generic',
        files: { 'boot/vmlinuz-6.8.0-1-generic': fakeGzipKernel('6.8.0-1-generic') },
      },
      'linux-modules-6.8.0-1-generic': { depends: '', files: moduleFiles('usr/lib/modules') },
      'linux-modules-extra-6.8.0-1-generic': { depends: '', files: {} },
    });
    const assets = await prepareAssets(home);
    expect(assets.kernelVersion).toBe('6.8.0-1-generic');
    expect(readFileSync(assets.initramfs).includes('modules/overlay.ko')).toBe(true);
  });

  it('asks for the package lists where there are none', async () => {
    placeApt({});
    await expect(prepareAssets(home)).rejects.toMatchObject({
      code: 'setup-needed',
      hint: 'run `apt-get update` as root, then try again',
    });
  });

  it('repeats what apt says when the download fails', async () => {
    placeApt({
      [ours()]: { depends: 'linux-image-6.1.0-1', files: {} },
      'linux-image-6.1.0-1': { depends: '', files: {} },
    });
    placeProgram('apt-get', 'echo "W: old" >&2; echo "E: 404  Not Found" >&2; exit 100');
    await expect(prepareAssets(home)).rejects.toMatchObject({
      code: 'setup-needed',
      message: "can't download linux-image-6.1.0-1: 404  Not Found",
    });
    expect(readdirSync(home.assets())).toEqual([]);
  });
});
