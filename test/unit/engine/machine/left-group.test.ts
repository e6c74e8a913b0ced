import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { removeLeftGroup } from '../../../../src/engine/machine/left-group.js';

/** A box's directory whose record names a group of this parent. */
function withGroup(parent: string): { directory: string; group: string } {
  const directory = mkdtempSync(join(tmpdir(), 'left-group-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const group = join(directory, parent, 'box.1.2');
  mkdirSync(join(directory, parent));
  mkdirSync(group);
  writeFileSync(join(directory, 'started.json'), JSON.stringify({ group, controllers: 'memory' }));
  return { directory, group };
}

test('what a killed supervisor has left is removed, once', async () => {
  const { directory, group } = withGroup('boxlite');
  await removeLeftGroup(directory);
  expect(existsSync(group)).toBe(false);
  await removeLeftGroup(directory);
});

test('no other directory is, whatever a damaged record says', async () => {
  const { directory, group } = withGroup('others');
  await removeLeftGroup(directory);
  expect(existsSync(group)).toBe(true);
});

test('nor one that holds something, for which a removal does not wait', async () => {
  const { directory, group } = withGroup('boxlite');
  writeFileSync(join(group, 'memory.max'), '');
  await removeLeftGroup(directory);
  expect(existsSync(group)).toBe(true);
});

test('a box that never started has none', async () => {
  await expect(removeLeftGroup(join(tmpdir(), 'no-such-box'))).resolves.toBeUndefined();
});
