import { constants } from 'node:fs';
import { access, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError } from '../../errors.js';
import { installHint } from '../../host/distribution.js';
import { environmentVariable } from '../../host/environment.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { programDirectories } from '../../host/program-path.js';
import { runProgram } from '../../host/run-program.js';
import { writeFileWhole } from '../../host/write-file-whole.js';
import type { InstalledVmm } from '../driver.js';

/** The oldest that templates and boxes are tried with: it migrates to a socket under the sandbox. */
const OLDEST = [7, 2] as const;

/**
 * Finds QEMU: `path`, else `BOXLITE_QEMU`, else on PATH. Its version is cached, because querying it takes 20
 * ms.
 * @throws setup-needed when it is missing, not QEMU, or too old
 */
export async function findQemu(home: Home, path?: string): Promise<InstalledVmm> {
  const program = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
  const named = path ?? environmentVariable('BOXLITE_QEMU');
  const found = named === undefined ? await onPath(program) : await resolved(named);
  if (found === undefined)
    throw new BoxliteError(
      'setup-needed',
      named === undefined ? `${program} is not installed` : `there is no QEMU at ${named}`,
      { hint: installHint('qemu') },
    );
  const { size, mtimeMs } = await stat(found);
  const key = `${found} ${size} ${mtimeMs}`;
  const versionText = (await recall(home, key)) ?? (await askVersion(home, found, key));
  const version = parseVersion(versionText);
  if (version[0] < OLDEST[0] || (version[0] === OLDEST[0] && version[1] < OLDEST[1]))
    throw new BoxliteError(
      'setup-needed',
      `QEMU ${version.join('.')} (${found}) is too old, ${OLDEST.join('.')} or newer is needed`,
      { hint: 'install a newer one, and name it with BOXLITE_QEMU when it is not on PATH' },
    );
  return { path: found, version, versionText, build: `${versionText} ${size} ${mtimeMs}` };
}

async function onPath(program: string): Promise<string | undefined> {
  for (const directory of programDirectories()) {
    const found = await resolved(join(directory, program));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The file behind links, if it is executable. */
async function resolved(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    return await realpath(path);
  } catch {
    return undefined;
  }
}

async function recall(home: Home, key: string): Promise<string | undefined> {
  try {
    const known: unknown = JSON.parse(await readFile(cachePath(home), 'utf8'));
    if (typeof known === 'object' && known !== null && 'key' in known && known.key === key)
      if ('versionText' in known && typeof known.versionText === 'string') return known.versionText;
  } catch {
    // Missing or damaged: querying again is the only cost.
  }
  return undefined;
}

async function askVersion(home: Home, path: string, key: string): Promise<string> {
  const { stdout } = await runProgram(path, ['--version'], { tool: 'qemu' });
  const versionText = /^QEMU emulator version (.+)$/m.exec(stdout.toString())?.[1];
  if (versionText === undefined)
    throw new BoxliteError('setup-needed', `${path} does not answer --version as QEMU does`, {
      hint: installHint('qemu'),
    });
  makePrivateDirectory(home.assets());
  await writeFileWhole(cachePath(home), JSON.stringify({ key, versionText }));
  return versionText;
}

function parseVersion(text: string): [number, number, number] {
  const [, major, minor, micro] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(micro ?? 0)];
}

function cachePath(home: Home): string {
  return join(home.assets(), 'qemu.json');
}
