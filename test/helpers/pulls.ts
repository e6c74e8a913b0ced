import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Home } from '../../src/host/home.js';
import type { PullOptions } from '../../src/image/transfer/pull.js';
import { type FakeRegistry, startFakeRegistry } from './fake-registry.js';

export const QUICK: PullOptions = { retry: { attempts: 3, firstPauseMs: 1, longestPauseMs: 1000 } };

/** A home for the calling test. */
export async function newHome(): Promise<Home> {
  const root = await mkdtemp(join(tmpdir(), 'boxlite pull-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return new Home(root);
}

/** A registry for the calling test. */
export async function fake(...args: Parameters<typeof startFakeRegistry>): Promise<FakeRegistry> {
  const registry = await startFakeRegistry(...args);
  onTestFinished(() => registry.stop());
  return registry;
}
