import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { OrdinaryUser } from '../helpers/ordinary-user.js';

const isRoot = process.getuid?.() === 0;

let root: string;
const host = (...names: string[]): string => join(root, ...names);

describe.runIf(isRoot)('for a user who is not root', () => {
  let user: OrdinaryUser;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'boxlite-volumes-'));
    await chmod(root, 0o755);
    await mkdir(host('bin'));
    await buildGuestProgram(host('bin'), 'file-calls');
    await writeFile(host('single'), 'one\n');
    // With a KVM that this user may not open, the machine would print a warning in between.
    user = await OrdinaryUser.create(await mkdtemp(host('user-')), { BOXLITE_ACCEL: 'tcg' });
    await mkdir(host('theirs'));
    await writeFile(host('theirs', 'of-root'), 'root\n');
    await chown(host('theirs'), user.uid, user.uid);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('all that the box makes is the user’s, and the user’s is the box’s root’s', async () => {
    const script = `
      stat -c %u:%g /w /w/of-root; echo x > /w/file; chmod 0 /w/file; cat /w/file; mkdir /w/d
      chown 7 /w/file; echo x >> /w/of-root; touch /b/x
      /b/file-calls /w/d set-ids | grep -c EPERM; /b/file-calls /w/d locked`;
    const { stdout, stderr } = await user.boxlite([
      ...['run', '--rm', '-v', `${host('theirs')}:/w`, '-v', `${host('bin')}:/b:ro`],
      ...['busybox', 'sh', '-c', script],
    ]);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'chown: /w/file: Invalid argument',
      "sh: can't create /w/of-root: Permission denied",
      'touch: /b/x: Read-only file system',
    ]);
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines).toEqual(['0:0', '65534:65534', 'x', '8', 'flock ok', 'fcntl ok']);
    const [file, directory] = await Promise.all([
      stat(host('theirs', 'file')),
      stat(host('theirs', 'd')),
    ]);
    expect([file.uid, file.mode & 0o7777, directory.uid]).toEqual([user.uid, 0, user.uid]);
  });

  it('one directory is given where the host allows no namespace, and more is refused', async () => {
    const one = ['run', '--rm', '-v', `${host('theirs')}:/w`];
    const script = 'echo y > /w/alone; chmod 4755 /w/alone; ls /w';
    const { status, stdout, stderr } = await user.boxlite(
      [...one, 'busybox', 'sh', '-c', script],
      false,
    );
    expect([status, stderr]).toEqual([0, 'chmod: /w/alone: Operation not permitted\n']);
    expect(stdout.toString()).toContain('alone\n');
    const closed = await user.boxlite(
      ['run', '--rm', '-v', `${host('theirs')}:/w:ro`, 'busybox', 'touch', '/w/x'],
      false,
    );
    expect(closed.stderr).toBe('touch: /w/x: Read-only file system\n');
    const two = await user.boxlite(
      [...one, '-v', `${host('bin')}:/b:ro`, 'busybox', 'true'],
      false,
    );
    expect(two.status).toBe(125);
    expect(two.stderr).toMatch(/a box with 2 volumes needs a user namespace.*\n.*single directory/);
    const file = await user.boxlite(
      ['run', '--rm', '-v', `${host('single')}:/x:ro`, 'busybox', 'true'],
      false,
    );
    expect(file.stderr).toContain('a box with a file as volume needs a user namespace');
  });
});
