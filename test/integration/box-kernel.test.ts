import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assetsOfBox, blamingKernel, findKernel } from '../../src/engine/machine/box-kernel.js';
import { Host } from '../../src/engine/machine/host.js';
import type { BoxSpec } from '../../src/engine/spec/box-spec.js';
import { BoxliteError } from '../../src/errors.js';
import { Home } from '../../src/host/home.js';
import { prepareAssets } from '../../src/vmm/assets/assets.js';
import { fakeGzipKernel } from '../helpers/fake-kernel.js';
import { boxSpec } from '../unit/engine/engine-fixture.js';

let root: string;
let host: Host;
let file: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'box-kernel-'));
  mkdirSync(join(root, 'native'));
  writeFileSync(join(root, 'native', 'boxlite-guest'), 'agent');
  vi.stubEnv('BOXLITE_NATIVE', join(root, 'native'));
  file = join(root, 'vmlinuz');
  writeFileSync(file, fakeGzipKernel('6.1.0-own'));
  writeFileSync(join(root, 'usual'), fakeGzipKernel('6.1.0-usual'));
  const home = new Home(join(root, 'home'));
  await prepareAssets(home, { kernel: join(root, 'usual') });
  const noDatabase = (): never => {
    throw new Error('no kernel is looked for in the database');
  };
  host = new Host(home, noDatabase, {
    accelerator: 'tcg',
    qemu: undefined,
    onNotice: () => undefined,
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

async function specWith(kernel: string): Promise<BoxSpec> {
  const found = await findKernel(host, { kernel });
  if (found === undefined) throw new Error('a kernel was named');
  return { ...boxSpec(), kernel: found };
}

describe('the kernel of a new box', () => {
  it('is the home’s when none is named', async () => {
    expect(await findKernel(host, {})).toBeUndefined();
    expect(await assetsOfBox(host, 'web', boxSpec())).toMatchObject({
      kernelVersion: '6.1.0-usual',
    });
  });

  it('is kept by its path without links, its version and what it is', async () => {
    symlinkSync(file, join(root, 'link'));
    expect(await findKernel(host, { kernel: join(root, 'link') })).toEqual({
      path: file,
      version: '6.1.0-own',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it.each([
    ['is missing', '/nowhere/vmlinuz', 'kernel: /nowhere/vmlinuz does not exist'],
    ['is a directory', '/tmp', 'kernel: /tmp is not a regular file'],
    ['is a device', '/dev/zero', 'kernel: /dev/zero is not a regular file'],
    ['is below a file', '/etc/hostname/x', 'kernel: /etc/hostname/x does not exist'],
    [
      'is something else',
      '/etc/hostname',
      "/etc/hostname can't be used as the guest kernel: it is neither a bzImage, nor a 64-bit ELF file, nor an arm64 Image",
    ],
  ])('is refused when it %s', async (_what, kernel, message) => {
    await expect(findKernel(host, { kernel })).rejects.toMatchObject({
      code: 'invalid-argument',
      message,
      hint: expect.stringContaining('--kernel') as string,
    });
  });

  it.each([
    ['are missing', '/nowhere/6.1', 'modules: /nowhere/6.1 does not exist'],
    ['are a file', '/etc/hostname', 'modules: /etc/hostname is not a directory'],
  ])('is refused when its modules %s', async (_what, modules, message) => {
    await expect(findKernel(host, { kernel: file, modules })).rejects.toMatchObject({
      code: 'invalid-argument',
      message,
      hint: expect.stringContaining('--modules') as string,
    });
  });

  it('is refused when its modules are not its own', async () => {
    await expect(findKernel(host, { kernel: file, modules: root })).rejects.toMatchObject({
      message: `the kernel module virtio_mmio is not in ${root}`,
    });
  });

  it('is asked for when only modules are named', async () => {
    await expect(findKernel(host, { modules: '/tmp' })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'modules are named without their kernel',
    });
  });
});

describe('at the start of a box', () => {
  it('its kernel is what it was made with', async () => {
    const spec = await specWith(file);
    expect(await assetsOfBox(host, 'web', spec)).toMatchObject({
      kernelVersion: '6.1.0-own',
      kernelDigest: spec.kernel?.digest,
    });
  });

  it('its kernel may have been touched', async () => {
    const spec = await specWith(file);
    utimesSync(file, new Date(), new Date(1_000_000));
    await expect(assetsOfBox(host, 'web', spec)).resolves.toBeDefined();
  });

  const HINT = expect.stringContaining('put ') as string;

  it('a kernel that is gone is told with its path', async () => {
    const spec = await specWith(file);
    rmSync(file);
    await expect(assetsOfBox(host, 'web', spec)).rejects.toMatchObject({
      code: 'setup-needed',
      message: `${file} is gone, from which box web has its kernel`,
      hint: HINT,
    });
  });

  it.each([
    ['another kernel', fakeGzipKernel('6.1.0-newer')],
    ['something else', Buffer.from('x')],
    ['nothing', Buffer.alloc(0)],
  ])('a kernel that was replaced by %s is told with its path', async (_what, data) => {
    const spec = await specWith(file);
    writeFileSync(file, data);
    await expect(assetsOfBox(host, 'web', spec)).rejects.toMatchObject({
      code: 'setup-needed',
      message: `${file} has changed since box web was made with it`,
      hint: HINT,
    });
  });
});

describe('a failed start', () => {
  const kernel = { path: '/k', version: '6.1', digest: '' };
  const failure = new BoxliteError('boot-failed', 'the agent was not ready', { stage: 'agent' });

  it('names the kernel that is the box’s own', () => {
    expect(blamingKernel('web', { ...boxSpec(), kernel }, failure)).toMatchObject({
      code: 'boot-failed',
      stage: 'agent',
      message: 'box web did not come up with its kernel /k: the agent was not ready',
      hint: expect.stringContaining('--modules /lib/modules/6.1') as string,
      cause: failure,
    });
  });

  it.each([
    ['the home’s kernel', boxSpec(), failure],
    [
      'a command that is not there',
      { ...boxSpec(), kernel },
      new BoxliteError('exec-not-found', 'x'),
    ],
    ['what is no error of ours', { ...boxSpec(), kernel }, new TypeError('x')],
  ])('is told as it is with %s', (_what, spec, error) => {
    expect(blamingKernel('web', spec, error)).toBe(error);
  });
});
