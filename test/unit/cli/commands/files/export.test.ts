import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { BoxliteError } from '../../../../../src/errors.js';
import { fakeWorld, runCli } from '../../fake-world.js';

const directory = mkdtempSync(join(tmpdir(), 'boxlite-export-'));
afterAll(() => rmSync(directory, { recursive: true }));

const exporting = (archive: () => AsyncGenerator<Uint8Array>): object => ({
  get: (name: string) => Promise.resolve(name === 'web' ? { export: archive } : undefined),
});
const engine = exporting(async function* () {
  await Promise.resolve();
  yield Buffer.from('arch');
  yield Buffer.from('ive');
});
const broken = exporting(async function* () {
  await Promise.resolve();
  yield Buffer.from('half');
  throw new BoxliteError('vmm-failed', 'the file system of box web could not be read');
});

it('export writes to stdout, or to a file', async () => {
  expect(await runCli(['export', 'web'], engine)).toEqual({
    status: 0,
    stdout: 'archive',
    stderr: '',
  });
  const file = join(directory, 'file.tar');
  expect(await runCli(['export', '-o', file, 'web'], engine)).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  expect(readFileSync(file, 'utf8')).toBe('archive');
});

it('export leaves no half of a file', async () => {
  const outcome = await runCli(['export', '-o', join(directory, 'half.tar'), 'web'], broken);
  expect([outcome.status, outcome.stdout]).toEqual([1, '']);
  expect(outcome.stderr).toContain('could not be read');
  expect(readdirSync(directory).filter((name) => name.startsWith('half'))).toEqual([]);
});

it('export refuses a terminal, and a box that is not there', async () => {
  const world = fakeWorld();
  world.stdout.isTTY = true;
  expect((await runCli(['export', 'web'], engine, world)).stderr).toContain(
    'cowardly refusing to save to a terminal',
  );
  expect(await runCli(['export', 'nope'], engine)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('No such box: nope') as string,
  });
});
