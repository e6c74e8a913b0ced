import { describe, expect, it } from 'vitest';
import { cpio } from '../../../../src/vmm/guest/cpio.js';
import { initramfs } from '../../../../src/vmm/guest/initramfs.js';

interface Member {
  path: string;
  mode: string;
  device: string;
  data: string;
}

/** A reader of "newc" that takes nothing from the writer but the format's definition. */
function read(archive: Buffer): Member[] {
  const members: Member[] = [];
  let at = 0;
  for (;;) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (n: number): number =>
      parseInt(archive.toString('latin1', at + 6 + n * 8, at + 14 + n * 8), 16);
    const nameEnd = at + 110 + field(11);
    const dataStart = Math.ceil(nameEnd / 4) * 4;
    const dataEnd = dataStart + field(6);
    const path = archive.toString('latin1', at + 110, nameEnd - 1);
    if (path === 'TRAILER!!!') return members;
    members.push({
      path,
      mode: field(1).toString(8),
      device: `${field(9)}:${field(10)}`,
      data: archive.toString('latin1', dataStart, dataEnd),
    });
    at = Math.ceil(dataEnd / 4) * 4;
  }
}

describe('initramfs', () => {
  const modules = ['virtio', 'ext4'].map((name) => ({ name, data: Buffer.from(`${name}!`) }));
  const members = read(initramfs(Buffer.from('agent'), modules));
  const member = (path: string): Member | undefined => members.find((one) => one.path === path);

  it('holds the agent as an executable /init', () => {
    expect(member('init')).toMatchObject({ mode: '100755', data: 'agent' });
  });

  it('lists the modules by absolute path in load order', () => {
    expect(member('modules/list')?.data).toBe('/modules/virtio.ko\n/modules/ext4.ko\n');
    expect(member('modules/ext4.ko')?.data).toBe('ext4!');
  });

  it('has a console before devtmpfs is mounted', () => {
    expect(member('dev/console')).toMatchObject({ mode: '20600', device: '5:1' });
  });

  it('names each directory before what is in it', () => {
    const paths = members.map((one) => one.path);
    expect(paths.indexOf('modules')).toBeLessThan(paths.indexOf('modules/list'));
    expect(paths.indexOf('dev')).toBeLessThan(paths.indexOf('dev/console'));
  });

  it('is the same for the same parts', () => {
    const again = initramfs(Buffer.from('agent'), modules);
    expect(again.equals(initramfs(Buffer.from('agent'), modules))).toBe(true);
  });
});

describe('cpio', () => {
  it('keeps every length of name and data aligned', () => {
    for (let length = 0; length < 9; length++) {
      const path = 'p'.repeat(length + 1);
      const data = 'd'.repeat(length);
      const archive = cpio([
        { path, mode: 0o100644, data: Buffer.from(data) },
        { path: 'next', mode: 0o100644 },
      ]);
      expect(read(archive).map((one) => one.data)).toEqual([data, '']);
      expect(archive.length % 4).toBe(0);
    }
  });
});
