import { execFileSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { loadAssets, prepareAssets } from '../../src/vmm/assets/assets.js';
import { extractKernel } from '../../src/vmm/kernel/kernel-image.js';
import { orderModules } from '../../src/vmm/kernel/module-order.js';
import {
  home,
  kernels,
  MODULES,
  named,
  place,
  root,
  useAssetsPlace,
} from '../helpers/assets-place.js';
import { fakeBzImage, fakeGzipKernel, fakeModule, fakeVmlinux } from '../helpers/fake-kernel.js';

useAssetsPlace();

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
    const without = { made: undefined, modules: undefined, modulesDisk: undefined };
    expect(await loadAssets(home)).toEqual({ ...first, ...without });
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
