import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractKernel, kernelVersion } from '../../../../src/vmm/kernel/kernel-image.js';
import { fakeBzImage, fakeElf, fakeGzipKernel, fakeVmlinux } from '../../../helpers/fake-kernel.js';

const VERSION = '6.1.0-56-amd64';

describe('extractKernel', () => {
  it('takes the payload out of a bzImage', async () => {
    const kernel = await extractKernel(fakeGzipKernel(VERSION), 'vmlinuz');
    expect(kernel.equals(fakeVmlinux(VERSION))).toBe(true);
  });

  it('leaves an ELF kernel as it is', async () => {
    const vmlinux = fakeVmlinux(VERSION);
    expect(await extractKernel(vmlinux, 'vmlinux')).toBe(vmlinux);
  });

  it('asks no PVH entry of another architecture', async () => {
    const arm = fakeElf({ machine: 183 });
    expect(await extractKernel(arm, 'vmlinux')).toBe(arm);
  });

  it('unpacks a gzipped arm64 Image', async () => {
    const image = Buffer.alloc(128);
    image.write('ARMd', 0x38);
    expect((await extractKernel(gzipSync(image), 'vmlinuz')).equals(image)).toBe(true);
    expect((await extractKernel(image, 'vmlinuz')).equals(image)).toBe(true);
  });

  const wrongSize = gzipSync(fakeVmlinux(VERSION));
  const noPvh = fakeElf({ notes: [{ name: 'GNU', type: 18 }] });
  it.each([
    ['a text', Buffer.from('hello'), 'neither a bzImage'],
    ['an old boot protocol', fakeBzImage(wrongSize, 0x207), 'protocol 0x207 is older'],
    ['an unknown compression', fakeBzImage(Buffer.from('BZh91AY1234')), 'compression (425a6839'],
    ['a payload that is no kernel', fakeBzImage(gzipSync('hello')), 'not a 64-bit ELF'],
    ['a kernel without PVH', noPvh, 'no PVH entry'],
    ['an empty file', Buffer.alloc(0), 'neither a bzImage'],
  ])('refuses %s and says so', async (_what, file, reason) => {
    await expect(extractKernel(file, '/boot/x')).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(
        new RegExp(`^/boot/x can't be used.*${reason.replace('(', '\\(')}`),
      ) as string,
    });
  });

  it('refuses a truncated payload', async () => {
    const cut = fakeBzImage(wrongSize.subarray(0, 60));
    await expect(extractKernel(cut, 'x')).rejects.toMatchObject({ code: 'image-corrupt' });
  });
});

describe('kernelVersion', () => {
  it('reads the release from the banner', () => {
    expect(kernelVersion(fakeVmlinux('6.12.3+deb13-amd64'), 'x')).toBe('6.12.3+deb13-amd64');
  });

  it('never lets a hostile banner name a path', () => {
    expect(kernelVersion(fakeVmlinux('6.1/../../x'), 'x')).toBe('6.1');
    expect(() => kernelVersion(fakeVmlinux('/etc'), 'x')).toThrow('no version banner');
  });

  it('refuses a kernel without one', () => {
    expect(() => kernelVersion(Buffer.alloc(100), 'x')).toThrow('no version banner');
  });
});
