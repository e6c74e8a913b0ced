import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** Far more than an idle machine needs, and half of what its interval timer alone would cause. */
const MOST_A_SECOND = 30;

it('a box that does nothing hardly wakes its VMM', async () => {
  await home.ok(['run', '-d', '--name', 'box', 'busybox', 'sleep', '6000']);
  const pid = await home.ok(['inspect', '-f', '{{.State.Pid}}', 'box']);
  const waits = (): number => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
  };
  // What the start has left to do, such as writing the journal.
  await sleep(3_000);
  const before = waits();
  const from = performance.now();
  await sleep(5_000);
  const seconds = (performance.now() - from) / 1000;
  expect((waits() - before) / seconds).toBeLessThan(MOST_A_SECOND);
  await home.ok(['rm', '-f', 'box']);
});
