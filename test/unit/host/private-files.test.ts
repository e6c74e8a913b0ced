import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { Home } from '../../../src/host/home.js';
import { closeHome, makePrivateDirectory } from '../../../src/host/private-files.js';

let home: Home;
beforeEach(() => {
  home = new Home(mkdtempSync(join(tmpdir(), 'boxlite-private-')));
  onTestFinished(() => rmSync(home.root, { recursive: true }));
  chmodSync(home.root, 0o755);
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;

it('a directory is made with all above it, for its owner alone', () => {
  makePrivateDirectory(home.blobs('sha256'));
  expect([home.images(), home.blobs('sha256')].map(modeOf)).toEqual([0o700, 0o700]);
  makePrivateDirectory(home.blobs('sha256'));
});

it('a home is closed part by part, and is left as open as its owner made it', () => {
  for (const path of home.privateDirectories()) mkdirSync(path);
  for (const path of home.privateDirectories()) chmodSync(path, 0o777);
  for (const path of home.privateFiles()) writeFileSync(path, '');
  for (const path of home.privateFiles()) chmodSync(path, 0o644);
  closeHome(home);
  expect(new Set(home.privateDirectories().map(modeOf))).toEqual(new Set([0o700]));
  expect(new Set(home.privateFiles().map(modeOf))).toEqual(new Set([0o600]));
  expect(modeOf(home.root)).toBe(0o755);
});

it('what is closed already is not touched, and what is missing is not made', () => {
  mkdirSync(home.images(), 0o500);
  utimesSync(home.images(), 1, 1);
  const { ctimeMs } = statSync(home.images());
  closeHome(home);
  expect(statSync(home.images()).ctimeMs).toBe(ctimeMs);
  expect(modeOf(home.images())).toBe(0o500);
});
