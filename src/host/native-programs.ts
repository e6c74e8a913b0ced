import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BoxliteError } from '../errors.js';
import { environmentVariable } from './environment.js';

export type NativeProgram =
  | ('boxlite-shim' | 'boxlite-net' | 'boxlite-hub' | 'boxlite-ram.so')
  | ('boxlite-host' | 'boxlite-guest' | 'boxlite-archive');

/**
 * Path of a program built from native/; `BOXLITE_NATIVE` overrides the directory.
 * @throws setup-needed when it has not been built
 */
export function nativeProgram(name: NativeProgram): string {
  const directory = environmentVariable('BOXLITE_NATIVE') ?? join(projectRoot(), 'native', 'build');
  const path = join(directory, name);
  if (!existsSync(path))
    throw new BoxliteError('setup-needed', `${name} is not built (looked for ${path})`, {
      hint: 'install BoxLite again (in its sources: `npm run build:native`)',
    });
  return path;
}

/** The directory that holds package.json, whether we run from the sources or from the bundle. */
export function projectRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory)
      throw new BoxliteError('setup-needed', 'the files that BoxLite was installed with are gone', {
        hint: 'install BoxLite again',
      });
    directory = parent;
  }
  return directory;
}
