import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moduleIndex } from '../../../../src/vmm/kernel/module-index.js';
import { parseLoadable, writeModuleTree } from '../../../../src/vmm/kernel/module-tree.js';
import { fakeElf } from '../../../helpers/fake-kernel.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'module tree '));
});
afterEach(() => rmSync(root, { recursive: true }));

function place(path: string, data: Buffer | string): void {
  const file = join(root, 'from', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
}

const module = (...info: string[]): Buffer =>
  fakeElf({ sections: { '.modinfo': Buffer.from(info.map((line) => `${line}\0`).join('')) } });

const made = (path: string): string => readFileSync(join(root, 'to', path), 'latin1');

describe('writeModuleTree', () => {
  beforeEach(async () => {
    place('kernel/net/bridge/bridge.ko', module('depends=stp,llc', 'alias=rtnl-link-bridge'));
    place('kernel/net/bridge/br-filter.ko.gz', gzipSync(module('depends=bridge')));
    place('kernel/net/stp.ko', module('depends=llc'));
    place('kernel/net/llc.ko', module('depends='));
    place('kernel/drivers/veth.ko', module('depends=', 'softdep=pre: llc'));
    place('kernel/drivers/veth2.ko', module('depends='));
    place('kernel/fs/overlay.ko', module('depends='));
    place('modules.builtin', 'kernel/fs/ext4/ext4.ko\n');
    const wanted = parseLoadable('# a comment\n\nnet/bridge/\ndrivers/veth\nnone/such/\noverlay\n');
    await writeModuleTree(join(root, 'from'), join(root, 'to'), wanted);
  });

  it('takes directories, single modules and names, and what they depend on, decompressed', () => {
    const found = readdirSync(join(root, 'to/kernel'), { recursive: true, encoding: 'utf8' });
    expect(found.filter((name) => name.endsWith('.ko')).sort()).toEqual([
      ...['drivers/veth.ko', 'fs/overlay.ko', 'net/bridge/br-filter.ko', 'net/bridge/bridge.ko'],
      ...['net/llc.ko', 'net/stp.ko'],
    ]);
    expect(made('kernel/net/bridge/br-filter.ko')).toContain('depends=bridge');
  });

  it('names what is loaded before a module, the first one last', () => {
    expect(made('modules.dep').split('\n')).toEqual([
      'kernel/net/bridge/br-filter.ko: kernel/net/bridge/bridge.ko kernel/net/stp.ko kernel/net/llc.ko',
      'kernel/net/bridge/bridge.ko: kernel/net/stp.ko kernel/net/llc.ko',
      ...['kernel/net/llc.ko:', 'kernel/fs/overlay.ko:'],
      ...['kernel/net/stp.ko: kernel/net/llc.ko', 'kernel/drivers/veth.ko:', ''],
    ]);
  });

  it('knows aliases, soft dependencies and what is built in', () => {
    expect(made('modules.alias')).toBe('alias rtnl-link-bridge bridge\n');
    expect(made('modules.alias.bin')).toContain('rtnl_link_bridge\0');
    expect(made('modules.softdep')).toBe('softdep veth pre: llc\n');
    expect(made('modules.builtin')).toBe('kernel/ext4.ko\n');
    expect(made('modules.builtin.bin')).toContain('ext4\0');
  });
});

describe('moduleIndex', () => {
  it('is the trie that kmod reads', () => {
    const index = moduleIndex([
      { key: 'ab', value: 'first' },
      { key: 'ad', value: 'second' },
      { key: 'ab', value: 'third' },
      { key: 'é', value: 'not ASCII' },
    ]);
    const expected = Buffer.concat([
      bytes('b007f457 00020001 a0000040'),
      // b, from 12 on
      ...[bytes('00000002 00000000'), text('first'), bytes('00000002'), text('third')],
      // d, from 36 on
      ...[bytes('00000001 00000001'), text('second')],
      // The root, from 51 on.
      ...[text('a'), Buffer.from('bd'), bytes('4000000c 00000000 40000024')],
    ]);
    expected.writeUInt32BE(0xa0000000 + 51, 8);
    expect(index.toString('hex')).toBe(expected.toString('hex'));
  });

  it('of nothing has a root', () => {
    expect(moduleIndex([]).toString('hex')).toBe('b007f457000200010000000c');
  });
});

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const text = (value: string): Buffer => Buffer.from(`${value}\0`);
