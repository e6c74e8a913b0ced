import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError } from '../../errors.js';
import { runProgram } from '../../host/run-program.js';

const UPDATE_HINT = 'run `apt-get update` as root, then try again';

export async function hasApt(): Promise<boolean> {
  return access('/usr/bin/apt-get').then(
    () => true,
    () => false,
  );
}

/**
 * Names of the packages that the candidate version of `name` depends on (first alternatives), or
 * undefined when the package lists do not know it.
 */
export async function dependencies(name: string): Promise<string[] | undefined> {
  const { status, stdout } = await runProgram('apt-cache', ['--no-all-versions', 'show', name]);
  if (status !== 0) return undefined;
  const depends = /^Depends: (.*)$/m.exec(stdout.toString())?.[1] ?? '';
  return depends
    .split(',')
    .map((one) => /^[\w.+-]+/.exec(one.trim())?.[0])
    .filter((one) => one !== undefined);
}

/**
 * Downloads packages by name, with the package manager's own checks, and unpacks them together into `target`.
 * Nothing is installed, so this needs no root.
 * @param directory empty, for the downloads
 */
export async function downloadPackages(
  names: readonly string[],
  directory: string,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  const args = ['-q', 'download', ...names];
  // For root, apt downloads as the user _apt, who can't enter our directory.
  if (process.getuid?.() === 0) args.unshift('-o', 'APT::Sandbox::User=root');
  const { status, stderr } = await runProgram('apt-get', args, { cwd: directory, signal });
  if (status !== 0)
    throw new BoxliteError(
      'setup-needed',
      `can't download ${names.join(', ')}: ${reason(stderr)}`,
      {
        hint: UPDATE_HINT,
      },
    );
  for (const file of await readdir(directory)) {
    if (file.endsWith('.deb')) await unpack(join(directory, file), target);
  }
}

async function unpack(file: string, target: string): Promise<void> {
  const { status, stderr } = await runProgram('dpkg-deb', ['-x', file, target]);
  if (status === 0) return;
  const full = stderr.includes('No space left on device');
  throw new BoxliteError(
    full ? 'no-space' : 'setup-needed',
    `can't unpack ${file}: ${reason(stderr)}`,
    full ? { hint: 'free some space, or point BOXLITE_HOME at a larger disk' } : {},
  );
}

export function unknownPackage(names: readonly string[]): BoxliteError {
  return new BoxliteError(
    'setup-needed',
    `the package lists know no package ${names.join(' or ')}`,
    { hint: UPDATE_HINT },
  );
}

/** apt's errors are marked `E:`; dpkg's last line is the most specific. */
function reason(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return lines.find((line) => line.startsWith('E: '))?.slice(3) ?? lines.at(-1) ?? '';
}
