import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../helpers/cli.js';

/** `npm run test:kvm` is run by hand, and then has to start. */
it('the programs of test/kvm are ones that this Node.js reads', async () => {
  const place = await mkdtemp(join(tmpdir(), 'boxlite-kvm-suite-'));
  try {
    const read = (name: string) => [process.execPath, '--check', join(place, name)];
    const bundle = ['sh', 'test/kvm/bundle', place];
    for (const [program = '', ...args] of [bundle, read('main.mjs'), read('inside.mjs')]) {
      const { status, stderr } = await run(program, args);
      expect([status, stderr]).toEqual([0, '']);
    }
  } finally {
    await rm(place, { recursive: true });
  }
});
