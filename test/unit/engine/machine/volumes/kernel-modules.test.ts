import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostOptions } from '../../../../../src/engine/machine/host.js';
import { withModules } from '../../../../../src/engine/machine/volumes/kernel-modules.js';
import {
  type PreparedVolumes,
  prepareVolumes,
} from '../../../../../src/engine/machine/volumes-start.js';
import { settlePrivileges } from '../../../../../src/engine/spec/privileges.js';
import type { Home } from '../../../../../src/host/home.js';
import type { Assets } from '../../../../../src/vmm/assets/assets.js';
import { boxSpec } from '../../engine-fixture.js';
import { volumeStore } from './volume-fixture.js';

const privileged = settlePrivileges({ privileged: true });
const four = ['a', 'b', 'c', 'd'];
const options: HostOptions = { accelerator: 'auto', qemu: undefined, onNotice: () => undefined };

function assetsIn(home: Home): Assets {
  const modules = join(home.assets(), 'kernel-1', 'lib-modules');
  mkdirSync(join(modules, '6.1'), { recursive: true });
  writeFileSync(join(modules, '6.1/modules.dep'), '');
  return { modules, modulesDisk: `${modules}.erofs`, kernelVersion: '6.1' } as Assets;
}

async function prepare(names: readonly string[], privileges = privileged) {
  const { home, ...store } = volumeStore({});
  const spec = { ...boxSpec(), privileges };
  const assets = assetsIn(home);
  const own = await prepareVolumes(spec, { home, ...store });
  const files = names.length > 0 ? { volumes: names.map((name) => home.volumeDisk(name)) } : {};
  const volumes: PreparedVolumes = { ...own, files };
  const prepared = await withModules({ home, options }, spec, assets, volumes);
  return { home, assets, prepared, spec, own };
}

describe('a box that may load modules', () => {
  test('has those of its kernel in the last slot, before its own mounts', async () => {
    const { home, assets, prepared, spec, own } = await prepare(['a', 'b', 'c']);
    expect(prepared.files).toMatchObject({ modules: assets.modulesDisk });
    expect(prepared.mounts).toEqual([
      expect.objectContaining({ kind: 4, source: 'vol3', target: '/lib/modules/6.1', flags: 5 }),
    ]);
    expect(readdirSync(home.assets())).toEqual(['kernel-1']);
    expect(await withModules({ home, options }, spec, assets, own)).toMatchObject({
      files: { modules: assets.modulesDisk },
    });
  });

  test('has none when its disk volumes take all slots', async () => {
    const { prepared, assets } = await prepare(four);
    expect([prepared.files.modules, prepared.mounts]).toEqual([undefined, []]);
    expect(existsSync(assets.modulesDisk ?? '')).toBe(false);
  });

  test('has none when its kernel has none', async () => {
    const { home, spec, own } = await prepare([]);
    const without = { modules: undefined, modulesDisk: undefined } as Assets;
    expect(await withModules({ home, options }, spec, without, own)).toBe(own);
  });
});

test('another box has none', async () => {
  const { prepared } = await prepare([], settlePrivileges({ capAdd: ['SYS_ADMIN'] }));
  expect([prepared.files, prepared.mounts]).toEqual([{}, []]);
});
