import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeMessage, encodeTable } from '../../../../src/agent/codec.js';
import { HEALTH_RECORD } from '../../../../src/agent/protocol.js';
import { settleHealthcheck } from '../../../../src/engine/spec/healthcheck.js';
import { specOf } from '../../../../src/engine/spec/stored-spec.js';
import { boxHealth } from '../../../../src/engine/state/health.js';
import { Home } from '../../../../src/host/home.js';
import type { BoxRecord } from '../../../../src/store/box-record.js';
import { boxRecord } from '../engine-fixture.js';

const root = mkdtempSync(join(tmpdir(), 'health-'));
afterAll(() => rmSync(root, { recursive: true }));
const home = new Home(root);

const check = (changes: object = {}) => ({
  status: 2,
  result: 0,
  streak: 0,
  exitCode: 0,
  startNs: 1_700_000_000_000_000_000n,
  endNs: 1_700_000_001_500_000_000n,
  output: 'fine\n',
  ...changes,
});

function checked(changes: Partial<BoxRecord> = {}): BoxRecord {
  const record = boxRecord({ status: 'running', startedAt: 5, ...changes });
  const test = { test: ['CMD', 'x'], timeoutMs: 2_000 };
  return { ...record, options: { ...specOf(record.options), ...settleHealthcheck(test, {}) } };
}

function leave(record: BoxRecord, fact: Uint8Array | undefined): void {
  mkdirSync(home.box(record.id), { recursive: true });
  rmSync(home.boxFile(record.id, 'health'), { force: true });
  if (fact) writeFileSync(home.boxFile(record.id, 'health'), fact);
}

const factOf = (...payloads: Uint8Array[]) => encodeTable(HEALTH_RECORD, { checks: payloads });

describe("a box's health", () => {
  it('is none without a healthcheck, and before the first start', async () => {
    expect(await boxHealth(home, boxRecord({ status: 'running' }))).toMatchObject({
      status: 'none',
    });
    expect((await boxHealth(home, checked({ startedAt: null }))).status).toBe('none');
  });

  it('is starting until the first result', async () => {
    leave(checked(), undefined);
    expect(await boxHealth(home, checked())).toEqual({
      status: 'starting',
      failingStreak: 0,
      log: [],
    });
  });

  it('is what the last result says, with what each check said', async () => {
    const bad = check({ status: 3, streak: 4, exitCode: 1, output: 'refused\n' });
    leave(checked(), factOf(encodeMessage('health', check()), encodeMessage('health', bad)));
    const health = await boxHealth(home, checked());
    expect(health).toMatchObject({ status: 'unhealthy', failingStreak: 4 });
    expect(health.log.map(({ exitCode, output }) => [exitCode, output])).toEqual([
      [0, 'fine\n'],
      [1, 'refused\n'],
    ]);
    expect(health.log[0]?.end).toEqual(new Date('2023-11-14T22:13:21.500Z'));
  });

  it('of a box that has ended is unhealthy', async () => {
    leave(checked(), factOf(encodeMessage('health', check())));
    expect((await boxHealth(home, checked({ status: 'stopped' }))).status).toBe('unhealthy');
  });

  const odd: [string, object, object][] = [
    [
      'a timeout',
      { result: 1, output: 'x' },
      { exitCode: -1, output: 'Health check exceeded timeout (2s): x' },
    ],
    [
      'a silent timeout',
      { result: 1, output: '' },
      { exitCode: -1, output: 'Health check exceeded timeout (2s)' },
    ],
    ['a check that never ran', { result: 2, output: 'no sh' }, { exitCode: -1, output: 'no sh' }],
    ['a result nobody knows', { result: 9 }, { exitCode: -1 }],
    ['an impossible code', { exitCode: 0xffff_ff07 }, { exitCode: 7 }],
  ];
  it.each(odd)('tells of %s', async (_what, changes, expected) => {
    leave(checked(), factOf(encodeMessage('health', check(changes))));
    expect((await boxHealth(home, checked())).log[0]).toMatchObject(expected);
  });
});

describe('a hostile fact', () => {
  it('with a time beyond all calendars has the last there is', async () => {
    leave(checked(), factOf(encodeMessage('health', check({ endNs: 2n ** 64n - 1n }))));
    const [result] = (await boxHealth(home, checked())).log;
    expect(Number.isNaN(result?.end.getTime())).toBe(false);
  });

  it('with a status nobody knows is starting', async () => {
    leave(checked(), factOf(encodeMessage('health', check({ status: 77 }))));
    expect((await boxHealth(home, checked())).status).toBe('starting');
  });

  const broken: [string, Uint8Array][] = [
    ['empty', Buffer.alloc(0)],
    ['that claims a billion checks', Buffer.from([0xff, 0xff, 0xff, 0x3f])],
    ['that holds other messages', factOf(Buffer.from('not health at all'))],
    ['with an output longer than it', factOf(encodeMessage('health', check()).subarray(0, -1))],
    ['of many megabytes', Buffer.alloc(8 * 2 ** 20, 1)],
    [
      'with more checks than are kept',
      factOf(
        ...Array<Buffer>(400).fill(encodeMessage('health', check({ output: 'x'.repeat(4000) }))),
      ),
    ],
  ];
  it.each(broken)('%s is no news', async (_what, bytes) => {
    leave(checked(), bytes);
    expect(await boxHealth(home, checked())).toMatchObject({ status: 'starting', log: [] });
  });
});
