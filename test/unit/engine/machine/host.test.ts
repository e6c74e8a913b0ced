import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Host } from '../../../../src/engine/machine/host.js';
import { Home } from '../../../../src/host/home.js';

it('looks again for a QEMU that it has not found', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-host-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const qemu = join(directory, 'qemu');
  const host = new Host(
    new Home(join(directory, 'home')),
    () => {
      throw new Error('the database is not needed');
    },
    { accelerator: 'tcg', qemu, onNotice: () => undefined },
  );
  await expect(host.vmm()).rejects.toMatchObject({ code: 'setup-needed' });
  await writeFile(qemu, '#!/bin/sh\necho "QEMU emulator version 9.1.0"\n', { mode: 0o755 });
  expect(await host.vmm()).toMatchObject({ path: qemu, version: [9, 1, 0] });
});
