import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShimClient } from '../../../agent/client.js';
import { BoxliteError } from '../../../errors.js';
import { BOX_FILES } from '../../../host/home.js';
import { FILES } from '../../../vmm/template/template.js';

export interface BootDeadlines {
  /** A boot without progress for this long is abandoned; missing: progress is not watched. */
  stallMs?: number;
  /** Milliseconds until the agent must be ready. */
  readyMs: number;
}

const LOOK_MS = 250;

/**
 * Resolves when the agent of a booting template is ready.
 * @throws timeout, naming the deadline that has passed
 */
export async function readyWithin(
  client: ShimClient,
  directory: string,
  { stallMs, readyMs }: BootDeadlines,
): Promise<void> {
  const cancel = new AbortController();
  const ready = client.waitReady();
  try {
    await Promise.race([
      ready,
      late(readyMs, cancel.signal),
      ...(stallMs === undefined ? [] : [stalled(directory, stallMs, cancel.signal)]),
    ]);
  } finally {
    cancel.abort();
    ready.catch(() => undefined);
  }
}

async function late(ms: number, signal: AbortSignal): Promise<never> {
  await delay(ms, undefined, { signal });
  throw timeout(`the guest agent was not ready within ${ms / 1000} s`);
}

/** Counts checks, not time, so a frozen host is not mistaken for a frozen guest. */
async function stalled(directory: string, ms: number, signal: AbortSignal): Promise<never> {
  let seen = '';
  for (let idleMs = 0; idleMs < ms; idleMs += LOOK_MS) {
    await delay(LOOK_MS, undefined, { signal });
    const signs = signsOfLife(directory);
    if (signs !== seen) idleMs = 0;
    seen = signs;
  }
  throw timeout(`the kernel gave no sign of life for ${ms / 1000} s`);
}

/**
 * A quiet kernel prints nothing for half of its boot, but running code touches new memory, so the file behind
 * the guest's memory grows.
 */
function signsOfLife(directory: string): string {
  const memory = statSync(join(directory, FILES.ram), { throwIfNoEntry: false })?.blocks;
  const said = statSync(join(directory, BOX_FILES.console), { throwIfNoEntry: false })?.size;
  return `${memory} ${said}`;
}

const timeout = (text: string): BoxliteError =>
  new BoxliteError('timeout', text, { stage: 'kernel' });
