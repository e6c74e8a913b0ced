import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../helpers/cli.js';
import { takeOutStore } from '../kvm/emulated-vmrun.js';

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

it('the store that makes QEMU deliver interrupts twice is taken out of one that runs', async () => {
  const args = ['-S', '-M', 'none', '-nodefaults', '-display', 'none'];
  const qemu = spawn('qemu-system-x86_64', args, { stdio: 'ignore' });
  try {
    const address = takeOutStore(qemu.pid ?? 0);
    // Another QEMU than Debian's may have other code there.
    if (address === undefined) return;
    const memory = await open(`/proc/${qemu.pid}/mem`);
    const { buffer } = await memory.read(Buffer.alloc(6), 0, 6, address);
    await memory.close();
    expect(buffer.toString('hex')).toBe('660f1f440000');
  } finally {
    qemu.kill('SIGKILL');
    await once(qemu, 'close');
  }
});
