import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BOXLITE, run } from '../helpers/cli.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'boxlite-config-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const boxlite = (args: string[]) => run(BOXLITE, args, { env: { HOME: home, BOXLITE_HOME: home } });

const SETTINGS: readonly (readonly [key: string, value: string])[] = [
  ...(['cpus', 'maxLayerEntries'] as const).map((key) => [key, '7'] as const),
  ...(['memory', 'diskSize', 'maxLayerSize'] as const).map((key) => [key, '7g'] as const),
  ...(['qemu', 'kernel', 'psFormat', 'imagesFormat'] as const).map((key) => [key, '/x'] as const),
  ['network', 'none'],
];

test('twenty changes at once are all in the file', async () => {
  const path = join(home, 'config.json');
  writeFileSync(
    path,
    JSON.stringify({ registries: ['a.io'], caCertificates: ['/c'], detachKeys: 'ctrl-a' }),
  );
  const sets = SETTINGS.map(([key, value]) => ['config', 'set', key, value]);
  const unsets = ['registries', 'caCertificates', 'detachKeys'].map((key) => [
    'config',
    'unset',
    key,
  ]);
  const again = SETTINGS.slice(0, 7).map(([key, value]) => ['config', 'set', key, value]);
  const all = [...sets, ...unsets, ...again];
  expect(all).toHaveLength(20);
  const results = await Promise.all(all.map(boxlite));
  expect(results.map(({ status, stderr }) => [status, stderr])).toEqual(all.map(() => [0, '']));
  const written = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  expect(Object.keys(written).sort()).toEqual(SETTINGS.map(([key]) => key).sort());
  expect(readdirSync(home)).toEqual(['config.json']);
});

test('what a killed process held is no obstacle', async () => {
  const dead = { pid: 4_194_300, startTicks: 1, bootId: 'gone' };
  writeFileSync(join(home, 'config.json.lock'), JSON.stringify(dead));
  const { status, stderr } = await boxlite(['config', 'set', 'cpus', '2']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readdirSync(home)).toEqual(['config.json']);
});
