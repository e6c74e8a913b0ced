import { resolve } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { environmentVariable } from '../../../src/host/environment.js';
import { Home } from '../../../src/host/home.js';

afterEach(() => vi.unstubAllEnvs());

it('takes a variable that is set to nothing for one that is not set', () => {
  vi.stubEnv('BOXLITE_QEMU', '');
  expect(environmentVariable('BOXLITE_QEMU')).toBeUndefined();
  vi.stubEnv('BOXLITE_QEMU', '/usr/bin/qemu');
  expect(environmentVariable('BOXLITE_QEMU')).toBe('/usr/bin/qemu');
});

it('makes no home of an empty BOXLITE_HOME', () => {
  vi.stubEnv('HOME', '/home/somebody');
  vi.stubEnv('BOXLITE_HOME', '');
  expect(Home.defaultRoot()).toBe('/home/somebody/.boxlite');
});

it('makes a relative home absolute, for processes that run elsewhere', () => {
  expect(new Home('./here').database()).toBe(resolve('here', 'boxlite.db'));
  expect(new Home('/a/b').root).toBe('/a/b');
});
