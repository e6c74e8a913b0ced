import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { checkAccess } from '../../../../../src/engine/setup/doctor/access-check.js';
import { Home } from '../../../../../src/host/home.js';

let above: string;
let home: Home;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'boxlite-access-'));
  onTestFinished(() => rmSync(above, { recursive: true }));
  home = new Home(join(above, 'home'));
});

function make(mode: number): void {
  mkdirSync(home.root);
  chmodSync(home.root, mode);
}

it.each([0o700, 0o755, 0o775])('a home of mode %o is ours alone', (mode) => {
  make(mode);
  expect(checkAccess(home).detail).toMatch(/^yours alone(; but it lies in \/tmp, .*)?$/);
});

it('a home that is not there will be ours', () => {
  expect(checkAccess(home)).toEqual({ status: 'ok', detail: 'it will be yours alone' });
});

it('a home that others write to is found, and how to close it', () => {
  make(0o757);
  expect(checkAccess(home)).toEqual({
    status: 'warning',
    detail: `others may write to ${home.root}, and put their own kernel or images there`,
    cure: `chmod go-w ${home.root}`,
  });
});

it('a home whose images others read is found', () => {
  make(0o755);
  mkdirSync(home.images());
  chmodSync(home.images(), 0o755);
  expect(checkAccess(home)).toEqual({
    status: 'warning',
    detail: `others may read ${home.images()}`,
    cure: `chmod 700 ${home.images()}`,
  });
});

it('the cure can be pasted, whatever the home is called', () => {
  home = new Home(join(above, "it's mine"));
  make(0o757);
  expect(checkAccess(home).cure).toBe(`chmod go-w '${above}/it'\\''s mine'`);
});

it.each([
  ['there', true],
  ['not there yet', false],
])(
  'a directory that anybody may rename the home in is found, the home being %s',
  (_what, there) => {
    if (there) make(0o700);
    chmodSync(above, 0o777);
    expect(checkAccess(home)).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining(`${above} is writable for all`) as string,
      cure: expect.stringContaining(`chmod o-w ${above}`) as string,
    });
    chmodSync(above, 0o1777);
    expect(checkAccess(home).status).not.toBe('warning');
  },
);
