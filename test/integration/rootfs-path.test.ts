import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../helpers/bytes.js';
import { writeOciLayout } from '../helpers/image-archive.js';
import { tinyRuntime } from '../helpers/tiny-runtime.js';

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'boxlite root '));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function rootDirectory(): string {
  const root = temporary();
  execFileSync(
    'sh',
    ['-c', 'mkdir bin etc; echo "#!" > bin/sh; chmod 4755 bin/sh; ln -s sh bin/l'],
    {
      cwd: root,
    },
  );
  return root;
}

it('makes a box of a root directory, and of the same one again of the same layer', async () => {
  const { runtime } = await tinyRuntime();
  const path = rootDirectory();
  const layers: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const box = await runtime.create({ rootfs: { path }, command: ['/bin/sh'] });
    const { image, imageId } = await box.info();
    expect(image).toBe(path);
    layers.push((await runtime.inspectImage(imageId ?? ''))?.config.diffIds);
  }
  expect(layers[0]).not.toEqual([`sha256:${sha256(Buffer.alloc(0))}`]);
  expect(layers[1]).toEqual(layers[0]);
});

it('makes a box of an OCI layout, with the command it says', async () => {
  const { runtime } = await tinyRuntime();
  const path = temporary();
  const config = { Cmd: ['/bin/sh', '-c', 'true'] };
  await writeOciLayout(path, { layers: [rootDirectory()], config, reference: 'layout:1' });
  const box = await runtime.create({ rootfs: { path } });
  expect((await box.info()).image).toBe(path);
  expect((await box.inspect()).Config).toMatchObject({ Cmd: config.Cmd });
});

it('refuses a file that is neither', async () => {
  const { runtime } = await tinyRuntime();
  const path = join(temporary(), 'file');
  writeFileSync(path, 'text');
  await expect(runtime.create({ rootfs: { path } })).rejects.toMatchObject({
    code: 'archive-invalid',
  });
});
