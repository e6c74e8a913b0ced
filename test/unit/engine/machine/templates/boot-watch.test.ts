import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ShimClient } from '../../../../../src/agent/client.js';
import { readyWithin } from '../../../../../src/engine/machine/templates/boot-watch.js';

/** Two looks. */
const STALL_MS = 500;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boot-watch-'));
  writeFileSync(join(directory, 'ram'), '');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A machine whose agent is ready after so long, or never, and which shows life in the meantime. */
function machine(readyMs: number, showsLife: (look: number) => void): ShimClient {
  const live = async (): Promise<{ uptimeNs: bigint }> => {
    for (let ms = 0; ms < readyMs; ms += 100) {
      showsLife(ms);
      await delay(100);
    }
    return { uptimeNs: 0n };
  };
  return { waitReady: live } as Partial<ShimClient> as ShimClient;
}

test.each([
  ['memory', () => appendFileSync(join(directory, 'ram'), Buffer.alloc(8192, 1))],
  ['console', () => appendFileSync(join(directory, 'console.log'), 'x')],
])('a boot may take its time as long as its %s grows', async (_what, grow) => {
  const slow = machine(4 * STALL_MS, grow);
  await readyWithin(slow, directory, { stallMs: STALL_MS, readyMs: 60_000 });
});

test('a boot that stands still is given up', async () => {
  const hung = machine(10 * STALL_MS, () => undefined);
  await expect(
    readyWithin(hung, directory, { stallMs: STALL_MS, readyMs: 60_000 }),
  ).rejects.toMatchObject({
    ...{ code: 'timeout', stage: 'kernel' },
    message: 'the kernel gave no sign of life for 0.5 s',
  });
});

test('a boot that goes on for ever is given up', async () => {
  const endless = machine(3 * STALL_MS, () =>
    appendFileSync(join(directory, 'ram'), Buffer.alloc(8192, 1)),
  );
  await expect(
    readyWithin(endless, directory, { stallMs: 60_000, readyMs: STALL_MS }),
  ).rejects.toMatchObject({
    ...{ code: 'timeout', stage: 'kernel' },
    message: 'the guest agent was not ready within 0.5 s',
  });
});
