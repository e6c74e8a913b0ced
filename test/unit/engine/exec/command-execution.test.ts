import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TIMEOUT_GRACE_MS } from '../../../../src/engine/exec/command-execution.js';

test('the host waits longer than the guest needs to end a command whose time is up', () => {
  const [, killAfterMs] =
    /KILL_AFTER_MS = (\d+)/.exec(source('native/guest/session/session.c')) ?? [];
  expect(TIMEOUT_GRACE_MS).toBeGreaterThan(2 * Number(killAfterMs));
});

const source = (path: string): string => readFileSync(path, 'utf8');
