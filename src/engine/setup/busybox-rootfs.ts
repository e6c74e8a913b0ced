import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Header } from 'tar';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { installHint } from '../../host/distribution.js';
import type { Home } from '../../host/home.js';
import { programDirectories } from '../../host/program-path.js';
import { runProgram } from '../../host/run-program.js';
import { TEMPORARY_PREFIX } from '../../vmm/assets/unused-assets.js';
import { downloadPackages, hasApt } from '../../vmm/kernel/apt.js';
import { isStatic } from '../../vmm/kernel/elf.js';
import { ignoringWgetTimeout } from './busybox-wget.js';

export interface BusyboxRootfs {
  /** A rootfs as a tar archive; the same busybox always gives the same bytes. */
  tar: Buffer;
  /** Where busybox comes from. */
  origin: string;
}

/**
 * The built-in image's rootfs, made from the distribution's static busybox: the host's own if there is one,
 * else its package's, unpacked without installing it.
 * @param home its assets directory must exist
 * @throws setup-needed when neither is available
 */
export async function busyboxRootfs(home: Home, signal?: AbortSignal): Promise<BusyboxRootfs> {
  const host = await hostBusybox();
  if (host !== undefined) return await rootfsOf(host);
  if (!(await hasApt()))
    throw new BoxliteError('setup-needed', 'there is no static busybox on PATH', {
      hint: installHint('busybox-static'),
    });
  const work = await mkdtemp(join(home.assets(), TEMPORARY_PREFIX)).catch((error: unknown) => {
    throw fileError(error, `write to ${home.assets()}`);
  });
  try {
    const unpacked = join(work, 'root');
    await mkdir(unpacked);
    await downloadPackages(['busybox-static'], work, unpacked, signal);
    for (const directory of ['bin', 'usr/bin']) {
      const path = await staticProgram(join(unpacked, directory, 'busybox'));
      if (path !== undefined) return { ...(await rootfsOf(path)), origin: 'busybox-static' };
    }
    throw new BoxliteError('setup-needed', 'the package busybox-static holds no static busybox');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function hostBusybox(): Promise<string | undefined> {
  const directories = [...programDirectories(), '/bin', '/usr/bin'];
  for (const directory of directories)
    for (const name of ['busybox', 'busybox.static']) {
      const path = await staticProgram(join(directory, name));
      if (path !== undefined) return path;
    }
  return undefined;
}

async function staticProgram(path: string): Promise<string | undefined> {
  try {
    return isStatic(await readFile(path)) ? path : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined; // missing or unreadable: try the next one in the search list
  }
}

async function rootfsOf(path: string): Promise<BusyboxRootfs> {
  const { status, stdout, stderr } = await runProgram(path, ['--list']);
  if (status !== 0)
    throw new BoxliteError('setup-needed', `${path} --list failed: ${stderr.trim()}`);
  const applets = stdout.toString().split('\n').filter(isAppletName).sort();
  return { tar: rootfsTar(await soundBusybox(path), applets), origin: path };
}

async function soundBusybox(path: string): Promise<Buffer> {
  const busybox = await readFile(path);
  const { stdout, stderr } = await runProgram(path, ['wget', '--help']);
  const hasTimeout = /^\s*-T\b/m.test(stderr + stdout.toString());
  return hasTimeout ? busybox : ignoringWgetTimeout(busybox);
}

/** An applet's name must be a valid file name for /bin; busybox itself is there already. */
function isAppletName(line: string): boolean {
  return /^[\w.[+-][\w.[+-]*$/.test(line) && line !== 'busybox' && !/^\.+$/.test(line);
}

/** All commands are in /bin, as in the well-known image of this name. */
export function rootfsTar(busybox: Buffer, applets: readonly string[]): Buffer {
  return Buffer.concat([
    ...DIRECTORIES.flatMap(([path, mode]) => entry(path, 'Directory', mode)),
    ...entry('bin/busybox', 'File', 0o755, busybox),
    ...applets.flatMap((name) => link(`bin/${name}`, 'busybox')),
    ...link('usr/bin/env', '../../bin/env'), // where scripts expect it
    ...Object.entries(FILES).flatMap(([path, text]) =>
      entry(path, 'File', path === 'etc/shadow' ? 0o640 : 0o644, Buffer.from(text)),
    ),
    Buffer.alloc(2 * BLOCK),
  ]);
}

const BLOCK = 512;

const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ['bin/', 0o755],
  ['dev/', 0o755],
  ['etc/', 0o755],
  ['home/', 0o755],
  ['proc/', 0o755],
  ['root/', 0o700],
  ['sys/', 0o755],
  ['tmp/', 0o1777],
  ['usr/', 0o755],
  ['usr/bin/', 0o755],
  ['usr/sbin/', 0o755],
  ['var/', 0o755],
  ['var/tmp/', 0o1777],
];

const FILES: Record<string, string> = {
  'etc/group': lines(
    'root:x:0:',
    'daemon:x:1:',
    'bin:x:2:',
    'sys:x:3:',
    'tty:x:5:',
    'disk:x:6:',
    'mail:x:8:',
    'www-data:x:33:',
    'utmp:x:43:',
    'users:x:100:',
    'nogroup:x:65534:',
  ),
  'etc/hosts': lines('127.0.0.1 localhost', '::1 localhost'),
  'etc/passwd': lines(
    'root:x:0:0:root:/root:/bin/sh',
    'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
    'bin:x:2:2:bin:/bin:/bin/false',
    'sys:x:3:3:sys:/dev:/bin/false',
    'mail:x:8:8:mail:/var/spool/mail:/bin/false',
    'www-data:x:33:33:www-data:/var/www:/bin/false',
    'nobody:x:65534:65534:nobody:/home:/bin/false',
  ),
  'etc/shadow': lines('root:*:::::::', 'nobody:*:::::::'),
};

function lines(...all: string[]): string {
  return `${all.join('\n')}\n`;
}

function link(path: string, target: string): Uint8Array[] {
  return [header({ path, type: 'SymbolicLink', mode: 0o777, linkpath: target })];
}

function entry(
  path: string,
  type: 'Directory' | 'File',
  mode: number,
  data: Uint8Array = new Uint8Array(),
): Uint8Array[] {
  const padding = new Uint8Array((BLOCK - (data.length % BLOCK)) % BLOCK);
  return [header({ path, type, mode, size: data.length }), data, padding];
}

interface HeaderFields {
  path: string;
  type: 'Directory' | 'File' | 'SymbolicLink';
  mode: number;
  size?: number;
  linkpath?: string;
}

function header(fields: HeaderFields): Uint8Array {
  const full = new Header({
    ...fields,
    size: fields.size ?? 0,
    uid: 0,
    gid: 0,
    uname: 'root',
    gname: 'root',
    mtime: new Date(0),
  });
  const block = Buffer.alloc(BLOCK);
  full.encode(block);
  return block;
}
