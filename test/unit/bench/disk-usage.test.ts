import { link, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskUsage } from '../../bench/disk-usage.js';

it('counts blocks, not holes, and a file with two names once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-usage-'));
  try {
    const empty = await diskUsage(directory);
    await mkdir(join(directory, 'below'));
    await writeFile(join(directory, 'below', 'file'), Buffer.alloc(1 << 20, 'x'));
    await link(join(directory, 'below', 'file'), join(directory, 'again'));
    await writeFile(join(directory, 'sparse'), '');
    await truncate(join(directory, 'sparse'), 2 ** 30);
    const added = (await diskUsage(directory)) - empty;
    expect(added).toBeGreaterThanOrEqual(1 << 20);
    expect(added).toBeLessThan(1.2 * 2 ** 20);
  } finally {
    await rm(directory, { recursive: true });
  }
});
