import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Home } from '../../src/host/home.js';
import { loadAssets, prepareAssets } from '../../src/vmm/assets/assets.js';
import { namedManifests, removeUnusedKernels } from '../../src/vmm/assets/named-kernels.js';
import { extractKernel } from '../../src/vmm/kernel/kernel-image.js';
import { orderModules } from '../../src/vmm/kernel/module-order.js';
import { fakeBzImage, fakeGzipKernel, fakeModule, fakeVmlinux } from '../helpers/fake-kernel.js';

const MODULES = ['virtio_mmio', 'virtio_console', 'virtio_blk', 'virtio_net', 'virtio-rng'].concat(
  ...['9pnet_virtio', '9p', 'erofs', 'ext4', 'overlay'],
);

let root: string;
let home: Home;
let named: { kernel: string; modules: string };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'assets test '));
  home = new Home(join(root, 'home'));
  named = { kernel: join(root, 'vmlinuz'), modules: join(root, 'modules') };
  place('vmlinuz', fakeGzipKernel('6.1.0-1-test'));
  for (const name of MODULES) place(`modules/kernel/${name}.ko`, fakeModule(''));
  place('native/boxlite-guest', 'agent 1');
  vi.stubEnv('BOXLITE_NATIVE', join(root, 'native'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function place(path: string, data: Buffer | string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
}

/** A program on PATH before all others. */
function placeProgram(name: string, script: string): void {
  place(`programs/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, 'programs', name), 0o755);
  vi.stubEnv('PATH', `${join(root, 'programs')}:${process.env.PATH ?? ''}`);
}

function kernels(): string[] {
  return readdirSync(home.assets()).filter((name) => name.startsWith('kernel-'));
}

describe('prepareAssets', () => {
  it('makes kernel and initramfs, which GNU cpio unpacks', async () => {
    const assets = await prepareAssets(home, named);
    expect(assets).toMatchObject({
      kernelVersion: '6.1.0-1-test',
      kernelOrigin: named.kernel,
      made: { kernel: true, initramfs: true },
    });
    expect(readFileSync(assets.kernel).equals(fakeVmlinux('6.1.0-1-test'))).toBe(true);
    const list = execFileSync('cpio', ['-tv', '--quiet'], {
      input: readFileSync(assets.initramfs),
    });
    expect(list.toString()).toMatch(/^-rwxr-xr-x .* init$/m);
    expect(list.toString()).toMatch(/^crw------- .* 5, +1 .* dev\/console$/m);
    expect(list.toString()).toContain('modules/overlay.ko');
  });

  it('makes nothing when all is there', async () => {
    const first = await prepareAssets(home, named);
    const second = await prepareAssets(home, named);
    const third = await prepareAssets(home);
    const made = { kernel: false, initramfs: false };
    expect(second).toEqual({ ...first, made });
    expect(third).toEqual({ ...first, made });
  });

  it('has the modules that boxes may load beside the kernel', async () => {
    place('modules/kernel/drivers/net/veth.ko', fakeModule(''));
    place('modules/kernel/drivers/net/other.ko', fakeModule(''));
    const { modules = '' } = await prepareAssets(home, named);
    const tree = join(modules, '6.1.0-1-test');
    const list = readFileSync(join(tree, 'modules.dep'), 'utf8').split('\n');
    expect(list).toContain('kernel/drivers/net/veth.ko:');
    expect(list).toHaveLength(MODULES.length + 2);
    expect(existsSync(join(tree, 'kernel/drivers/net/veth.ko'))).toBe(true);
  });

  it('adds those to a kernel that an older version has made, where it can be had', async () => {
    const first = await prepareAssets(home, named);
    const manifest = join(home.assets(), 'assets.json');
    const older = readFileSync(manifest, 'utf8').replace(/^ *"loadable".*\n/m, '');
    writeFileSync(manifest, older);
    expect(await loadAssets(home)).toEqual({ ...first, made: undefined, modules: undefined });
    rmSync(join(named.modules, 'kernel', 'overlay.ko'));
    const kept = await prepareAssets(home, named);
    expect(kept).toMatchObject({ kernel: first.kernel, made: { kernel: false } });
    place('modules/kernel/overlay.ko', fakeModule(''));
    const second = await prepareAssets(home, named);
    expect(second).toMatchObject({ digest: first.digest, made: { kernel: true } });
    expect(existsSync(second.modules ?? '')).toBe(true);
    expect((await prepareAssets(home, named)).made.kernel).toBe(false);
  });

  it('takes another kernel in place of the one it had', async () => {
    const first = await prepareAssets(home, named);
    place('vmlinuz', fakeGzipKernel('6.2.0-2-test'));
    const second = await prepareAssets(home, named);
    expect(second.kernelVersion).toBe('6.2.0-2-test');
    expect(second.digest).not.toBe(first.digest);
    expect(existsSync(first.kernel)).toBe(true); // a VM may be starting from it
  });

  it('makes the kernel again when its file was cut', async () => {
    const { kernel } = await prepareAssets(home, named);
    truncateSync(kernel, 10);
    expect((await prepareAssets(home, named)).made).toEqual({ kernel: true, initramfs: true });
  });

  it('makes all again when the manifest is damaged', async () => {
    const first = await prepareAssets(home, named);
    for (const text of ['{', '{"format":1,"kernel":{}}', '{"format":2}', 'null']) {
      writeFileSync(join(home.assets(), 'assets.json'), text);
      const { made, digest } = await prepareAssets(home, named);
      expect(made.kernel).toBe(true);
      expect(digest).toBe(first.digest);
    }
  });

  it('lets several processes prepare at once', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => prepareAssets(home, named)));
    expect(new Set(all.map((assets) => assets.digest)).size).toBe(1);
    for (const { kernel, initramfs } of all)
      expect([existsSync(kernel), existsSync(initramfs)]).toEqual([true, true]);
    expect(await loadAssets(home)).toMatchObject({ digest: all[0]?.digest });
  });

  it('leaves nothing behind when it fails', async () => {
    rmSync(join(named.modules, 'kernel', 'overlay.ko'));
    await expect(prepareAssets(home, named)).rejects.toMatchObject({
      code: 'setup-needed',
      message: `the kernel module overlay is not in ${named.modules}`,
    });
    expect(readdirSync(home.assets())).toEqual([]);
  });

  it('needs no modules of a kernel that was named without them', async () => {
    const assets = await prepareAssets(home, { kernel: named.kernel });
    expect(readFileSync(assets.initramfs).includes('.ko')).toBe(false);
    expect(assets.modules).toBeUndefined();
    expect((await prepareAssets(home, { kernel: named.kernel })).made.kernel).toBe(false);
  });

  it.each([
    ['kernel', { kernel: '/nowhere/vmlinuz' }, '/nowhere/vmlinuz does not exist'],
    ['modules', { modules: '/nowhere/6.1' }, '/nowhere/6.1 does not exist'],
  ])('names missing %s', async (_what, change, message) => {
    await expect(prepareAssets(home, { ...named, ...change })).rejects.toMatchObject({
      code: 'setup-needed',
      message,
    });
  });

  it('says that the native programs are not built', async () => {
    rmSync(join(root, 'native', 'boxlite-guest'));
    await expect(prepareAssets(home, named)).rejects.toMatchObject({
      code: 'setup-needed',
      hint: 'install BoxLite again (in its sources: `npm run build:native`)',
    });
  });
});

describe('loadAssets', () => {
  it('asks for set-up where none was done', async () => {
    await expect(loadAssets(home)).rejects.toMatchObject({
      code: 'setup-needed',
      remedy: { action: 'setup' },
    });
  });

  it('asks for set-up when the kernel is gone', async () => {
    const { kernel } = await prepareAssets(home, named);
    rmSync(kernel);
    await expect(loadAssets(home)).rejects.toMatchObject({ code: 'setup-needed' });
  });

  it('gives what set-up has made', async () => {
    const prepared = await prepareAssets(home, named);
    const made = { kernel: true, initramfs: true };
    expect({ ...(await loadAssets(home)), made }).toEqual(prepared);
  });

  it('makes the initramfs again when the agent was built anew', async () => {
    const before = await prepareAssets(home, named);
    place('native/boxlite-guest', 'agent 2');
    const after = await loadAssets(home);
    expect(after.kernel).toBe(before.kernel);
    expect(after.digest).not.toBe(before.digest);
    expect(readFileSync(after.initramfs).includes('agent 2')).toBe(true);
  });

  it('keeps the initramfs when the agent was built with the same result', async () => {
    const before = await prepareAssets(home, named);
    rmSync(join(root, 'native', 'boxlite-guest'));
    place('native/boxlite-guest', 'agent 1');
    expect((await loadAssets(home)).digest).toBe(before.digest);
  });

  it('makes the initramfs again when it is gone', async () => {
    const before = await prepareAssets(home, named);
    rmSync(before.initramfs);
    const after = await loadAssets(home);
    expect(after.digest).toBe(before.digest);
    expect(existsSync(after.initramfs)).toBe(true);
  });

  it('prepares another kernel once, beside the one of set-up', async () => {
    const usual = await prepareAssets(home, named);
    place('other', fakeGzipKernel('5.15.0-other'));
    const choice = { ...named, kernel: join(root, 'other') };
    const other = await loadAssets(home, choice);
    expect(other.kernelVersion).toBe('5.15.0-other');
    expect(await loadAssets(home, choice)).toMatchObject({ kernel: other.kernel });
    expect(await loadAssets(home)).toMatchObject({ kernel: usual.kernel });
    expect(kernels()).toHaveLength(2);
  });
});

describe('a kernel that a box names', () => {
  const other = (): { kernel: string; modules: string } => ({
    ...named,
    kernel: join(root, 'other'),
  });
  const manifests = (): string[] =>
    readdirSync(home.assets()).filter((name) => name.startsWith('assets-'));
  const ageAll = (): void => {
    const longAgo = new Date(Date.now() - 2 * 86_400_000);
    for (const name of readdirSync(home.assets()))
      utimesSync(join(home.assets(), name), longAgo, longAgo);
  };
  beforeEach(async () => {
    await prepareAssets(home, named);
    place('other', fakeGzipKernel('5.15.0-other'));
  });

  it('is there once, from whatever paths and however often its file is touched', async () => {
    const first = await loadAssets(home, other());
    place('copy', fakeGzipKernel('5.15.0-other'));
    const copy = await loadAssets(home, { ...named, kernel: join(root, 'copy') });
    utimesSync(other().kernel, new Date(), new Date(1_000_000));
    const touched = await loadAssets(home, other());
    for (const { kernel, digest, kernelDigest } of [copy, touched])
      expect({ kernel, digest, kernelDigest }).toEqual({
        kernel: first.kernel,
        digest: first.digest,
        kernelDigest: first.kernelDigest,
      });
    expect(kernels()).toHaveLength(2);
  });

  it('takes up no space of its own when it is the home’s', async () => {
    place('other', fakeGzipKernel('6.1.0-1-test'));
    expect((await loadAssets(home, other())).digest).toBe((await loadAssets(home)).digest);
    expect(kernels()).toHaveLength(1);
  });

  it.each([
    ['another kernel of the same version', () => place('other', fakeGzipKernel('5.15.0-other, 2'))],
    ['another module', () => place('modules/kernel/9p.ko', fakeModule('erofs'))],
  ])('is another with %s', async (_what, change) => {
    const before = await loadAssets(home, other());
    change();
    // Directories tell of what is in them by their own times.
    utimesSync(named.modules, new Date(), new Date(1_000_000));
    const after = await loadAssets(home, other());
    expect(after.kernelVersion).toBe(before.kernelVersion);
    expect(after.kernelDigest).not.toBe(before.kernelDigest);
    expect(after.digest).not.toBe(before.digest);
  });

  it('is the same for a newer agent, which makes another template', async () => {
    const before = await loadAssets(home, other());
    place('native/boxlite-guest', 'agent 2');
    expect(await namedManifests(home)).toEqual([]);
    const after = await loadAssets(home, other());
    expect(after.kernelDigest).toBe(before.kernelDigest);
    expect(after.digest).not.toBe(before.digest);
    expect(await namedManifests(home)).toHaveLength(1);
  });

  it('goes when no box has it and nobody has wanted it for a day', async () => {
    const { kernel, kernelDigest } = await loadAssets(home, other());
    await removeUnusedKernels(home, new Set());
    expect(existsSync(kernel)).toBe(true);
    ageAll();
    await removeUnusedKernels(home, new Set([kernelDigest]));
    expect(existsSync(kernel)).toBe(true);
    await loadAssets(home, other());
    await removeUnusedKernels(home, new Set());
    expect(existsSync(kernel)).toBe(true);
    ageAll();
    await removeUnusedKernels(home, new Set());
    expect([existsSync(kernel), manifests()]).toEqual([false, []]);
    expect(await loadAssets(home)).toMatchObject({ kernelVersion: '6.1.0-1-test' });
    expect(await loadAssets(home, other())).toMatchObject({ kernelDigest });
  });

  it('is refused with its name when its gzip ends too early', async () => {
    place('other', gzipSync('x'.repeat(100)).subarray(0, 20));
    await expect(loadAssets(home, other())).rejects.toMatchObject({
      code: 'image-corrupt',
      message: `can't decompress ${other().kernel} (gzip)`,
    });
    expect(manifests()).toEqual([]);
  });
});

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

describe('compressed by other programs', () => {
  const compressors: [string, string[]][] = [
    ['xz', ['-zc', '--check=crc32']],
    ['zstd', ['-zc', '-q']],
    ['lz4', ['-zlc', '-q']],
  ];
  const compress = (program: string, args: string[], input: Buffer): Buffer =>
    execFileSync(program, args, { input });

  it.each(compressors)('kernels with %s payloads are extracted', async (program, args) => {
    const vmlinux = fakeVmlinux('6.1.0');
    const size = Buffer.alloc(4);
    size.writeUInt32LE(vmlinux.length);
    const image = fakeBzImage(Buffer.concat([compress(program, args, vmlinux), size]));
    expect((await extractKernel(image, 'x')).equals(vmlinux)).toBe(true);
    size.writeUInt32LE(vmlinux.length + 1);
    const lying = fakeBzImage(Buffer.concat([compress(program, args, vmlinux), size]));
    await expect(extractKernel(lying, 'x')).rejects.toThrow('bytes instead of');
  });

  it('names the package of a decompressor that is missing', async () => {
    const xz = compress('xz', ['-zc'], fakeVmlinux('6.1.0'));
    vi.stubEnv('PATH', '/nowhere');
    await expect(extractKernel(fakeBzImage(xz), 'x')).rejects.toMatchObject({
      code: 'setup-needed',
      message: 'xz is not installed',
      hint: expect.stringContaining('xz') as string,
    });
  });

  it('modules with .xz and .zst are unpacked', async () => {
    const module = fakeModule('');
    place('m/kernel/a.ko.xz', compress('xz', ['-zc'], module));
    place('m/kernel/b.ko.zst', compress('zstd', ['-zc', '-q'], module));
    const wanted = ['a', 'b'].map((name) => ({ name, optional: false }));
    for (const { data } of await orderModules(join(root, 'm'), wanted))
      expect(data.equals(module)).toBe(true);
  });
});
