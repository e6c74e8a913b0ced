import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { Home } from '../../src/host/home.js';
import { FakeShim, type Script } from './fake-shim.js';
import { tar } from './tar-builder.js';

/** `localhost/tiny:latest`: an image that suffices to create boxes, but not to run them. */
export const TINY = 'tiny';

export interface TinyRuntime {
  home: Home;
  runtime: BoxliteRuntime;
  imageId: string;
}

/** A runtime on a separate home with one image; both are removed after the test. */
export async function tinyRuntime(): Promise<TinyRuntime> {
  const home = temporaryHome();
  const runtime = openRuntime(home);
  const imageId = await runtime.importImage(tinyRootfs(), {
    reference: TINY,
    changes: ['CMD ["/bin/sh"]', 'ENV A=1', 'LABEL from=image'],
  });
  return { home, runtime, imageId };
}

export function temporaryHome(): Home {
  const root = mkdtempSync(join(tmpdir(), 'boxlite-runtime-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return new Home(join(root, 'home'));
}

/** A second runtime on the home, as in another process. */
export function openRuntime(home: Home): BoxliteRuntime {
  const runtime = new BoxliteRuntime({ homeDir: home.root, accelerator: 'tcg' });
  onTestFinished(() => runtime.close());
  return runtime;
}

export async function* tinyRootfs(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(
    tar({ name: 'bin/', type: '5' }, { name: 'bin/sh', mode: 0o755, content: '#!' }),
  );
}

/** Runs a fake shim in a box's directory until the test ends. */
export async function giveShim(home: Home, id: string, script: Script): Promise<void> {
  const shim = await FakeShim.start(script);
  onTestFinished(() => shim[Symbol.asyncDispose]());
  rmSync(home.box(id), { recursive: true, force: true });
  symlinkSync(shim.directory, home.box(id));
}
