import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Path of better-sqlite3's native part, which is made for one version of Node's ABI and one processor.
 * The build puts the one of its own Node beside the bundle, where a package finds it that is installed
 * without a compiler; the installation puts others there. In the sources it is the package's.
 *
 * Left to itself the package tries a dozen places and makes a stack trace to find out who asks, which
 * takes as long as all of `boxlite ps` may. Undefined lets it do so.
 */
export function nativeBinding(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  const name = `node-${process.versions.modules}-${process.arch}.node`;
  // The library's chunks are in a folder of their own.
  for (const folder of ['sqlite', join('..', 'sqlite')]) {
    const path = join(here, folder, name);
    if (existsSync(path)) return path;
  }
  try {
    const require = createRequire(import.meta.url);
    const root = dirname(require.resolve('better-sqlite3/package.json'));
    const path = join(root, 'build', 'Release', 'better_sqlite3.node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
