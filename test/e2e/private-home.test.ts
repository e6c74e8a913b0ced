import { chmod, chown, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAccess } from '../../src/engine/setup/doctor/access-check.js';
import { Home } from '../../src/host/home.js';
import { BOXLITE, type CliResult, run } from '../helpers/cli.js';
import { useHome } from '../helpers/test-home.js';

const PARTS = ['boxes', 'images', 'blanks', 'assets', 'templates'];
/** A file with the open mode that files of the store used to have. */
const DATA = 'images/data';
const NOBODY = 65_534;

const home = useHome();
const part = (name: string): string => join(home.path, name);

/** With umask 000, every file gets the mode that its creator asks for. */
function openly(args: readonly string[]): Promise<CliResult> {
  return run('sh', ['-c', 'umask 000 && exec "$@"', 'sh', BOXLITE, ...args], {
    env: { HOME: part('user'), BOXLITE_HOME: home.path, LANG: 'C.UTF-8' },
  });
}

/** All that another user can read, list or connect to in the home. */
async function reachable(): Promise<string[]> {
  const what = ['(', '-type', 's', '-writable', '-o', '-readable', ')'];
  const find = ['find', home.path, '-mindepth', '1', ...what, '-printf', '%P\n'];
  const user = ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'];
  const { stdout } = await run('setpriv', [...user, ...find]);
  return stdout
    .toString()
    .split('\n')
    .filter((name) => name !== '');
}

describe('a home that everybody could look into', () => {
  beforeAll(async () => {
    await openly(['create', '--name', 'old', 'busybox', 'true']);
    await chmod(home.path, 0o755);
    for (const name of PARTS) await chmod(part(name), 0o755);
    await writeFile(part(DATA), 'of a layer');
    await chmod(part(DATA), 0o644);
    await chmod(part('boxlite.db'), 0o644);
    const open = await reachable();
    expect(open).toEqual(expect.arrayContaining([...PARTS, DATA, 'boxlite.db']));
  });

  it('stays as it is where it is only read', async () => {
    expect(await openly(['ps', '-a'])).toMatchObject({ status: 0 });
    expect(await reachable()).toContain('images');
  });

  it('is open to nobody once it has been used, whatever the umask', async () => {
    const begun = await openly(['run', '-d', '--name', 'box', 'busybox', 'sleep', '6000']);
    expect(begun).toMatchObject({ status: 0, stderr: '' });
    // The share of boxes without volumes is always empty; a VMM that runs as another user lists it.
    expect(await reachable()).toEqual(['empty']);
    const archive = join(home.path, '..', 'busybox.tar');
    for (const args of [
      ['cp', join(import.meta.dirname, '../../package.json'), 'box:/'],
      ['save', '-o', archive, 'busybox'],
      ['load', '-i', archive],
      ['import', archive, 'imported'],
      ['commit', 'box', 'kept'],
      ['stop', '-t', '0', 'box'],
      ['run', '--name', 'second', 'kept', 'ls', '/package.json'],
      ['logs', 'second'],
    ])
      expect(await openly(args), args.join(' ')).toMatchObject({ status: 0 });
    expect(await reachable()).toEqual(['empty']);
  });

  it('keeps what lies behind a link to another disk to itself as well', async () => {
    await rename(part('images'), join(home.path, '..', 'images'));
    await symlink('../images', part('images'));
    await chmod(part('images'), 0o755);
    expect(await openly(['run', '--rm', 'busybox', 'true'])).toMatchObject({ status: 0 });
    expect(await reachable()).toEqual(['empty']);
  });
});

describe('a home of another user', () => {
  it('is noticed by root, who would leave there what that user can not use', async () => {
    await chown(home.path, NOBODY, NOBODY);
    expect(checkAccess(new Home(home.path))).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining(
        `${home.path} belongs to user 65534, and this is root`,
      ) as string,
      cure: expect.stringContaining('without sudo') as string,
    });
    await chown(home.path, 0, 0);
  });
});

describe('a home with a part that another user owns', () => {
  it('is not written to, and the message says whose it is', async () => {
    await chown(part('blanks'), NOBODY, NOBODY);
    const refused = await openly(['run', '--rm', 'busybox', 'true']);
    expect(refused.stderr).toContain(`${part('blanks')} belongs to user 65534, and we are user 0`);
    expect(refused.stderr).toContain("run BoxLite as that user (sudo -u '#65534')");
    expect(refused.status).toBe(125);
  });

  it('can be looked at all the same', async () => {
    expect(await openly(['ps', '-aq'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('is fully used again when it has been given back', async () => {
    await chown(part('blanks'), 0, 0);
    expect(await openly(['rm', '-f', 'box', 'old', 'second'])).toMatchObject({ status: 0 });
  });
});
