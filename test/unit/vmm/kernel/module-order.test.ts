import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderModules, parseWantedModules } from '../../../../src/vmm/kernel/module-order.js';
import { fakeModule } from '../../../helpers/fake-kernel.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'modules-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function place(path: string, data: Buffer | string): void {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
}

async function order(...names: string[]): Promise<string[]> {
  const wanted = parseWantedModules(names.join('\n'));
  return (await orderModules(directory, wanted)).map((module) => module.name);
}

describe('orderModules', () => {
  it('puts what a module depends on before it, once', async () => {
    place('kernel/fs/ext4/ext4.ko', fakeModule('jbd2,crc16'));
    place('kernel/fs/jbd2/jbd2.ko', fakeModule('crc16'));
    place('kernel/lib/crc16.ko', fakeModule(''));
    place('kernel/fs/9p.ko', fakeModule('crc16'));
    expect(await order('ext4', '9p')).toEqual(['crc16', 'jbd2', 'ext4', '9p']);
  });

  it('keeps the wanted order among modules that do not depend on each other', async () => {
    for (const name of ['b', 'a', 'c']) place(`kernel/${name}.ko`, fakeModule(''));
    expect(await order('c', 'a', 'b')).toEqual(['c', 'a', 'b']);
  });

  it('leaves out what is built in, wanted or needed', async () => {
    place('modules.builtin', 'kernel/fs/ext4/ext4.ko\nkernel/drivers/virtio/virtio-ring.ko\n');
    place('kernel/virtio_blk.ko', fakeModule('virtio_ring'));
    expect(await order('ext4', 'virtio_blk')).toEqual(['virtio_blk']);
  });

  it('holds - and _ in names for equal', async () => {
    place('kernel/virtio-rng.ko', fakeModule('a-b'));
    place('kernel/a_b.ko', fakeModule(''));
    expect(await order('virtio_rng')).toEqual(['a_b', 'virtio_rng']);
  });

  it('unpacks compressed modules', async () => {
    place('kernel/a.ko.gz', gzipSync(fakeModule('')));
    const [module] = await orderModules(directory, [{ name: 'a', optional: false }]);
    expect(module?.data.equals(fakeModule(''))).toBe(true);
  });

  it('ends also when modules depend on each other in a circle', async () => {
    place('kernel/a.ko', fakeModule('b'));
    place('kernel/b.ko', fakeModule('a'));
    expect(await order('a')).toEqual(['b', 'a']);
  });

  it('leaves out a missing optional module', async () => {
    place('kernel/a.ko', fakeModule(''));
    expect(await order('?gone', 'a')).toEqual(['a']);
  });

  it('names a missing module and who needs it', async () => {
    place('kernel/a.ko', fakeModule('gone'));
    await expect(order('gone')).rejects.toMatchObject({
      code: 'setup-needed',
      message: `the kernel module gone is not in ${directory}`,
    });
    await expect(order('a')).rejects.toThrow('module gone, which a needs, is not in');
  });

  it('finds nothing to load where all is built in and no module is installed', async () => {
    place('modules.builtin', 'kernel/a.ko\n');
    expect(await order('a')).toEqual([]);
  });
});

describe('native/kernel/modules', () => {
  it('names each module once, the port and both file systems among them', () => {
    const text = readFileSync(
      new URL('../../../../native/kernel/modules', import.meta.url),
      'utf8',
    );
    const names = parseWantedModules(text).map((module) => module.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['virtio_console', 'erofs', 'ext4', 'overlay']));
  });
});
