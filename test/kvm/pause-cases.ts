import { setTimeout as delay } from 'node:timers/promises';
import { type Case, check } from './case.js';
import { clockOf } from './clock.js';
import type { SiteHome } from './site.js';

/** Longer than the kernel's watchdog takes a processor for stuck, and long enough for a clock to drift. */
const PAUSE_MS = 60_000;

export function pauseCases(home: SiteHome): Case[] {
  return [
    {
      title: 'a paused box does nothing, and goes on where it was',
      limitS: 150,
      run: async () => {
        const count = 'i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done';
        await home.ok([
          'run',
          '-d',
          '--privileged',
          '--name',
          'busy',
          'busybox',
          'sh',
          '-c',
          count,
        ]);
        // What the pause's own case looks at: a processor that never rests.
        await home.ok(['exec', '-d', 'busy', 'sh', '-c', 'while :; do :; done']);
        const before = Number(await home.sh('busy', 'cat /count'));
        await home.ok(['pause', 'busy']);
        await delay(PAUSE_MS);
        await home.ok(['unpause', 'busy']);
        const after = Number(await home.sh('busy', 'cat /count'));
        check(after > before, `${before}, then ${after}`);
        return `${before}, then ${after}`;
      },
    },
    {
      title: 'the guest’s clock is right after a pause of a minute',
      limitS: 20,
      run: () => clockOf(home, 'busy'),
    },
    {
      title: 'no soft lockup is told after a pause of a busy box',
      limitS: 40,
      run: async () => {
        await delay(5_000);
        const log = await home.sh('busy', 'dmesg');
        await home.remove(['busy']);
        const told = log
          .split('\n')
          .filter((line) => /soft lockup|detected stalls|marked unstable/i.test(line));
        check(told.length === 0, told.join('\n'));
        return 'nothing';
      },
    },
  ];
}
