import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadAssets, prepareAssets } from '../../src/vmm/assets/assets.js';
import { namedManifests, removeUnusedKernels } from '../../src/vmm/assets/named-kernels.js';
import { home, kernels, named, place, root, useAssetsPlace } from '../helpers/assets-place.js';
import { fakeGzipKernel, fakeModule } from '../helpers/fake-kernel.js';

useAssetsPlace();

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
