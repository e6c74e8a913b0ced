import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPullView, SILENT } from '../../../src/cli/output/terminal/pull-view.js';
import type { CommandContext } from '../../../src/cli/process/context.js';
import { say, warn } from '../../../src/cli/process/context.js';
import { fakeWorld } from './fake-world.js';

const CLI = join(import.meta.dirname, '../../../src/cli');
/** Each has a reason to write to stderr itself: it makes the text fit, or writes its own constants. */
const WRITERS = ['attach/attach.ts', 'main.ts', 'process/context.ts', 'process/prompt.ts'];
/** A terminal acts on it, or it is a format character that nobody sees. */
const ACTING = /[^\n\P{Cc}]|\p{Cf}/u;
const HOSTILE = '\u001b]0;t\u0007\u001b[2J\u009b31m\u202e\r\b\nforged';

test('what is said on stderr goes through the one place that makes it fit for a terminal', () => {
  const files = readdirSync(CLI, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const writers = files.filter((path) =>
    readFileSync(join(CLI, path), 'utf8').includes('stderr.write('),
  );
  expect(writers.sort()).toEqual(WRITERS);
});

test('neither notices nor warnings act on a terminal or pass for other lines', () => {
  const world = fakeWorld();
  say(world, HOSTILE, 'second');
  warn(world, HOSTILE);
  const shown = '\\x1b]0;t\\x07\\x1b[2J\\u009b31m\\u202e\\x0d\\x08';
  expect(world.stderr.text()).toBe(`${shown}\\x0aforged\nsecond\nboxlite: ${shown}\n  forged\n`);
});

test.each([false, true])('nor does the progress of a pull, on a terminal: %s', (isTTY) => {
  const world = fakeWorld();
  Object.assign(world.stderr, { isTTY, columns: 200, rows: 20 });
  const context = Object.assign(Object.create(world) as CommandContext, {
    settings: { color: true },
  });
  const view = openPullView(context, world.stderr);
  expect(view).not.toBe(SILENT);
  const layer = { type: 'layer', digest: `${HOSTILE}${'0'.repeat(20)}` } as const;
  view.take({ type: 'trying', reference: HOSTILE });
  view.take({
    type: 'resolved',
    reference: `r.io/${HOSTILE}:${HOSTILE}`,
    digest: 'sha256:0',
    layers: [],
  });
  view.take({ ...layer, status: 'queued' });
  view.say(HOSTILE);
  view.close();
  // What our own lines move the cursor by.
  const moves = new RegExp('\\u001b\\[\\d*[ABKJ]|\\r', 'g');
  const text = world.stderr.text().replace(moves, '');
  expect(text).not.toMatch(ACTING);
  expect(text).not.toMatch(/^forged/m);
});
