import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Home } from '../../../../src/host/home.js';
import {
  findImageTemplate,
  imageTemplateKey,
  listTemplates,
  removeUnusedImageTemplates,
} from '../../../../src/vmm/template/template.js';
import { MACHINE, temporaryHome } from '../vmm-fixture.js';
import { ABOUT, begin, DISK_BYTES, make } from './drafts.js';

describe('a template of an image', () => {
  const IDENTITY = { machineKey: 'm', image: 'sha256:a 1:2:3', diskBytes: 1, network: { a: 1 } };

  test.each([
    ['another machine', { machineKey: 'n' }],
    ['another image', { image: 'sha256:b 1:2:3' }],
    ['the same image whose disk was made anew', { image: 'sha256:a 1:2:4' }],
    ['another size of the disk', { diskBytes: 2 }],
    ['another network', { network: { a: 2 } }],
  ])('has another key for %s', (_what, change) => {
    expect(imageTemplateKey({ ...IDENTITY, ...change })).not.toBe(imageTemplateKey(IDENTITY));
  });

  test('has its disk, and is found with it only', async () => {
    const home = temporaryHome();
    const { disk } = await makeForImage(home, 'i1');
    expect(await findImageTemplate(home, 'i1')).toMatchObject({ key: 'i1', disk });
    rmSync(disk ?? '');
    expect(await findImageTemplate(home, 'i1')).toBeUndefined();
  });

  test('is marked as used when it is found', async () => {
    const home = temporaryHome();
    await makeForImage(home, 'i1', 1_000);
    await findImageTemplate(home, 'i1');
    expect(Date.now() - lastUse(home, 'i1')).toBeLessThan(60_000);
  });

  test('goes when others were used later, but neither just after its use nor a machine’s own', async () => {
    const home = temporaryHome();
    await make(home, 'state', 'machine');
    age(home, 'machine', 1_000);
    for (const [key, usedAt] of [
      ['oldest', 2_000],
      ['older', 3_000],
      ['newer', 4_000],
      ['now', Date.now()],
    ] as const)
      await makeForImage(home, key, usedAt);
    await removeUnusedImageTemplates(home, 2);
    expect((await listTemplates(home)).map(({ key }) => key).sort()).toEqual([
      'machine',
      'newer',
      'now',
    ]);
    await makeForImage(home, 'also now', Date.now());
    await removeUnusedImageTemplates(home, 0);
    expect((await listTemplates(home)).map(({ key }) => key).sort()).toEqual([
      'also now',
      'machine',
      'now',
    ]);
  });

  async function makeForImage(home: Home, key: string, usedAt = Date.now()) {
    const draft = await begin(home, key);
    await draft.blankFiles(MACHINE, DISK_BYTES);
    writeFileSync(draft.state, 'state');
    const template = await draft.commitWithDisk({ ...ABOUT, key, image: 'sha256:a' });
    age(home, key, usedAt);
    return template;
  }

  function age(home: Home, key: string, ms: number): void {
    utimesSync(join(home.templates(), key, 'template.json'), ms / 1000, ms / 1000);
  }

  function lastUse(home: Home, key: string): number {
    return statSync(join(home.templates(), key, 'template.json')).mtimeMs;
  }
});
