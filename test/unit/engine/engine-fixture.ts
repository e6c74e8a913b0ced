import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type BoxSpec, settleSpec } from '../../../src/engine/spec/box-spec.js';
import type { BoxOptions } from '../../../src/engine/spec/options.js';
import { Home } from '../../../src/host/home.js';
import type { ImageConfig } from '../../../src/image/oci/image-config.js';
import type { BoxRecord } from '../../../src/store/box-record.js';

export const BOX_ID = '01k0a1b2c3d4e5f6g7h8j9kamb';

/** A home of its own, gone with the test. */
export function temporaryHome(): Home {
  const root = mkdtempSync(join(tmpdir(), 'boxlite-engine-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return new Home(join(root, 'home'));
}

/** Puts a shim's files into a box's directory. An object is written as JSON, a string as it is. */
export function leaveFacts(
  home: Home,
  facts: Partial<Record<'started' | 'exit' | 'bootError' | 'ports', object | string>>,
  id = BOX_ID,
): void {
  mkdirSync(home.box(id), { recursive: true });
  for (const file of ['started', 'exit', 'bootError', 'ports'] as const) {
    const fact = facts[file];
    if (fact === undefined) continue;
    writeFileSync(home.boxFile(id, file), typeof fact === 'string' ? fact : JSON.stringify(fact));
  }
}

/** The config of an image that says nothing but what is given. */
export function imageConfig(fields: Partial<ImageConfig> = {}): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    user: '',
    env: [],
    entrypoint: null,
    cmd: null,
    workingDir: '',
    exposedPorts: [],
    volumes: [],
    labels: {},
    diffIds: ['sha256:aa', 'sha256:bb'],
    history: [],
    ...fields,
  };
}

/** A settled box of an image with a shell. */
export function boxSpec(options: BoxOptions = {}, image: Partial<ImageConfig> = {}): BoxSpec {
  return settleSpec(options, imageConfig({ cmd: ['/bin/sh'], ...image }), BOX_ID);
}

/** A box as the store holds it: made, and never started. */
export function boxRecord(fields: Partial<BoxRecord> = {}): BoxRecord {
  return {
    id: BOX_ID,
    name: 'web',
    status: 'configured',
    createdAt: 1_000,
    updatedAt: 1_000,
    image: 'busybox',
    manifestDigest: null,
    imageId: null,
    options: boxSpec(),
    pid: null,
    shimPid: null,
    containerId: '0'.repeat(64),
    lockId: 0,
    autoRemove: false,
    exitCode: null,
    exitSignal: null,
    oomKilled: false,
    error: null,
    startedAt: null,
    finishedAt: null,
    startCount: 0,
    restartCount: 0,
    restartDelayMs: 0,
    paused: false,
    wanted: false,
    timings: null,
    ports: null,
    accelerator: null,
    templateKey: null,
    commandsExecuted: 0,
    execErrors: 0,
    health: null,
    ...fields,
  };
}
