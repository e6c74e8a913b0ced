import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { setup, type SetupOptions } from '../../src/engine/setup/setup.js';
import { temporaryHome, TINY, tinyRuntime } from '../helpers/tiny-runtime.js';

const REASON = new Error('enough');
const CANCELLED = { name: 'BoxliteError', code: 'cancelled', cause: REASON };

describe('create', () => {
  test('with a signal that has aborted makes nothing', async () => {
    const { home, runtime } = await tinyRuntime();
    const signal = AbortSignal.abort(REASON);
    const options = { rootfs: { image: TINY }, signal };
    await expect(runtime.create(options, 'web')).rejects.toMatchObject({
      ...CANCELLED,
      message: 'the creation of box web was cancelled',
    });
    expect(await runtime.listInfo()).toEqual([]);
    expect(existsSync(home.boxes()) ? readdirSync(home.boxes()) : []).toEqual([]);
  });

  test('is not undone by a signal that aborts afterwards', async () => {
    const { runtime } = await tinyRuntime();
    const controller = new AbortController();
    const box = await runtime.create({ rootfs: { image: TINY }, signal: controller.signal });
    controller.abort(REASON);
    expect((await box.info()).status).toBe('configured');
  });

  test('ends the packing of a root directory', async () => {
    const { home, runtime } = await tinyRuntime();
    const root = mkdtempSync(join(tmpdir(), 'boxlite-root-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    writeFileSync(join(root, 'large'), Buffer.alloc(64 * 2 ** 20, 1));
    const controller = new AbortController();
    const creating = runtime.create({ rootfs: { path: root }, signal: controller.signal });
    creating.catch(() => undefined); // expected below
    await expect
      .poll(() => (existsSync(home.partial()) ? readdirSync(home.partial()) : []))
      .not.toEqual([]);
    controller.abort(REASON);
    await expect(creating).rejects.toMatchObject(CANCELLED);
    expect(readdirSync(home.partial())).toEqual([]);
    expect(await runtime.listInfo()).toEqual([]);
  });
});

test('a pull with a signal that has aborted asks no registry', async () => {
  const { runtime } = await tinyRuntime();
  const signal = AbortSignal.abort(REASON);
  await expect(runtime.pullImage('127.0.0.1:1/x', { signal })).rejects.toMatchObject(CANCELLED);
});

test('a pull ends when the signal aborts, and leaves no partial file', async () => {
  const home = temporaryHome();
  const registry = await silentRegistry();
  await using runtime = new BoxliteRuntime({
    homeDir: home.root,
    insecureRegistries: [registry.host],
  });
  const controller = new AbortController();
  const image = `${registry.host}/some/image:latest`;
  const pulling = runtime.pullImage(image, { signal: controller.signal });
  pulling.catch(() => undefined); // expected below
  await registry.asked;
  controller.abort(REASON);
  await expect(pulling).rejects.toMatchObject({
    ...CANCELLED,
    message: `the pull of ${image} was cancelled`,
  });
  expect(existsSync(home.partial()) ? readdirSync(home.partial()) : []).toEqual([]);
});

describe('set-up', () => {
  test('with a signal that has aborted begins no step', async () => {
    const steps: unknown[] = [];
    const options = { ...setupOptions(), onStep: (step: unknown) => steps.push(step) };
    const signal = AbortSignal.abort(REASON);
    await expect(setup(temporaryHome(), { ...options, signal })).rejects.toMatchObject(CANCELLED);
    expect(steps).toEqual([]);
  });

  test('ends the download that is under way, and leaves no file of it', async () => {
    const home = temporaryHome();
    const bin = fakeApt();
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH ?? ''}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const controller = new AbortController();
    const setting = setup(home, { ...setupOptions(), signal: controller.signal });
    setting.catch(() => undefined); // expected below
    await expect.poll(() => existsSync(join(bin, 'downloading'))).toBe(true);
    controller.abort(REASON);
    await expect(setting).rejects.toMatchObject(CANCELLED);
    // What is known of QEMU is whole, and stays.
    expect(readdirSync(home.assets())).toEqual(['qemu.json']);
  });
});

/** A registry that takes connections and answers nothing. */
async function silentRegistry(): Promise<{ host: string; asked: Promise<void> }> {
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const server = createServer(() => ask());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A package manager whose downloads never end; it says when one has begun. */
function fakeApt(): string {
  const bin = mkdtempSync(join(tmpdir(), 'boxlite-apt-'));
  onTestFinished(() => rmSync(bin, { recursive: true }));
  const place = (name: string, script: string): void =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  place('apt-cache', 'echo "Depends: linux-image-6.1.0-1-amd64"');
  place('apt-get', `: > '${bin}/downloading'; exec sleep 1000`);
  return bin;
}

function setupOptions(): SetupOptions {
  return {
    prepareTemplate: () => Promise.reject(new Error('the kernel comes before')),
    importImage: () => Promise.resolve('sha256:x'),
    findImage: () => Promise.resolve(undefined),
  };
}
