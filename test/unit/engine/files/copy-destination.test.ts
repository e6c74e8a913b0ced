import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkHostDestination } from '../../../../src/engine/files/copy-destination.js';

const directory = mkdtempSync(join(tmpdir(), 'boxlite-destination-'));
const fd = openSync(join(directory, 'file'), 'w');
symlinkSync('file', join(directory, 'link'));
symlinkSync(`/proc/self/fd/${fd}`, join(directory, 'output'));
symlinkSync('/dev/null', join(directory, 'device'));
afterAll(() => {
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

const check = (path: string): Promise<void> =>
  checkHostDestination({ side: 'host', role: 'destination', box: 'web', path });

it.each(['', 'file', 'link', 'missing', 'missing/file', 'file/'])(
  'leaves "%s" to whoever unpacks',
  async (name) => {
    await expect(check(join(directory, name))).resolves.toBeUndefined();
  },
);

it.each([
  ['/dev/null', 'got a device'],
  [join(directory, 'device'), 'got a device'],
  [join(directory, 'output'), 'got an open file of a process'],
  [`/dev/fd/${fd}`, 'got an open file of a process'],
])('refuses %s, and names it', async (path, rule) => {
  await expect(check(path)).rejects.toMatchObject({
    code: 'invalid-argument',
    message: `invalid output path: "${path}" must be a directory or a regular file: ${rule}`,
    hint: 'write to - for a tar on stdout, or to another path',
  });
});
